// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "engine/partition_log.h"
#include "protocol/base/ids.h"

// What retention.ms and retention.bytes say about a log: decisions only, no I/O, no clock.
namespace gneiss::engine {

// A piece of a log that goes as a whole: an SST, or what is in memtables. Kafka's segment.
struct LogPart {
  Offset max_offset;
  TimestampMs newest = kNoTimestamp;  // its greatest timestamp
  std::int64_t bytes = 0;             // visible ones
};

struct RetentionQuestion {
  std::span<const LogPart> parts;  // oldest first, those that are not wholly below the log start
  std::int64_t visible_bytes = 0;  // of the whole log
  Offset log_start;
  Offset high_watermark;
  TimestampMs now = 0;
};

struct RetentionAnswer {
  Offset log_start;                                     // the old one when nothing goes
  LogStartReason reason = LogStartReason::kBeginning;   // of the move, if any
  std::int64_t bytes = 0;                               // visible ones that go
  std::size_t parts = 0;                                // that go
  // The part that goes next, and by what; as in RetentionStatus.
  Offset next_log_start = kNoOffset;
  TimestampMs next_expiry = kNoTimestamp;
  std::int64_t bytes_until_expiry = -1;
};

// Kafka's rules, with SSTs for segments. Only whole parts go, oldest first, never above the high
// watermark, and without cleanup.policy=delete none does. By size: as long as what is left holds at
// least retention.bytes. By time: as long as the newest record of a part is older than
// retention.ms, so a record with a timestamp far in the future keeps its part and all behind it.
RetentionAnswer DecideRetention(const RetentionQuestion& question, const LogConfig& config);

}  // namespace gneiss::engine
