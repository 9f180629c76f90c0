// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <string>

#include "protocol/base/result.h"
#include "protocol/records/compression.h"
#include "protocol/records/record_batch.h"

namespace gneiss::server {

struct BrokerConfig;

using ConfigMap = std::map<std::string, std::string>;  // name -> value as text, as Kafka writes it

inline constexpr std::int64_t kLongMax = std::numeric_limits<std::int64_t>::max();

// TopicConfig holds a topic's effective settings, parsed: what the broker acts on. Defaults are
// Kafka 4.3's. The text forms, synonyms and sources live in config/config_schema.h.
struct TopicConfig {
  bool cleanup_delete = true;
  bool cleanup_compact = false;
  bool keep_producer_codec = true;  // compression.type=producer
  records::Codec codec = records::Codec::kNone;
  int gzip_level = -1;
  int lz4_level = 9;
  int zstd_level = 3;
  std::int64_t delete_retention_ms = 86'400'000;
  std::int64_t flush_messages = kLongMax;
  std::int64_t flush_ms = kLongMax;
  std::int64_t max_compaction_lag_ms = kLongMax;
  std::int32_t max_message_bytes = 1'048'588;
  std::int64_t timestamp_after_max_ms = 3'600'000;
  std::int64_t timestamp_before_max_ms = kLongMax;
  records::TimestampType timestamp_type = records::TimestampType::kCreateTime;
  double min_cleanable_dirty_ratio = 0.5;
  std::int64_t min_compaction_lag_ms = 0;
  std::int64_t retention_bytes = -1;
  std::int64_t retention_ms = 604'800'000;
  std::int32_t segment_bytes = 1'073'741'824;
  std::int64_t segment_ms = 604'800'000;
  std::int64_t producer_id_expiration_ms =
      86'400'000;  // the broker's; topics have none of their own
};

}  // namespace gneiss::server
