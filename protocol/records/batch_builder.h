// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/records/record_batch.h"
#include "protocol/records/record_iterator.h"

namespace gneiss::records {

// What a batch says about itself besides its records.
struct BatchOptions {
  Offset base_offset{};
  LeaderEpoch leader_epoch = kNoLeaderEpoch;
  Codec codec = Codec::kNone;
  std::optional<int> level = std::nullopt;  // without: the codec's default
  TimestampType timestamp_type = TimestampType::kCreateTime;
  TimestampMs log_append_time = kNoTimestamp;  // the max timestamp of a LogAppendTime batch
  ProducerId producer_id = kNoProducerId;
  std::int16_t producer_epoch = kNoProducerEpoch;
  std::int32_t base_sequence = kNoSequence;
  bool is_transactional = false;
  bool is_control = false;
  std::optional<TimestampMs> delete_horizon = std::nullopt;  // set by compaction
};

struct NewRecord {
  TimestampMs timestamp = kNoTimestamp;
  std::optional<std::string_view> key = std::nullopt;
  std::optional<std::string_view> value = std::nullopt;
  std::span<const HeaderView> headers = {};
};

// BatchBuilder encodes records into one batch: those of the coordinators, of compaction, of tests.
// The records are copied as they are added. Threads: one.
class BatchBuilder {
 public:
  explicit BatchBuilder(BatchOptions options = {});

  // Gives the record the next offset.
  void Add(const NewRecord& record);
  void Add(std::optional<std::string_view> key, std::optional<std::string_view> value,
           TimestampMs timestamp = kNoTimestamp) {
    Add(NewRecord{.timestamp = timestamp, .key = key, .value = value});
  }
  // For compaction, which leaves gaps. REQUIRES: `offset` is not below the next one, and less than
  // 2^31 above the base offset.
  void AddAt(Offset offset, const NewRecord& record);

  // The batch ends at `offset` though its last records are gone. REQUIRES: as AddAt, but for the
  // offset of the last record itself.
  void SetLastOffset(Offset offset);

  std::int32_t record_count() const { return record_count_; }
  // The bytes of the batch if it is not compressed.
  std::size_t size_in_bytes() const { return kHeaderBytes + records_.size(); }

  // The whole batch. A batch without records is legal; BuildEmptiedBatch makes one of another.
  // kRecordListTooLarge if it passes 2 GiB. Call it once.
  Result<std::string> Build();

 private:
  BatchOptions options_;
  std::string records_;
  std::int32_t record_count_ = 0;
  std::int32_t last_offset_delta_ = -1;
  TimestampMs base_timestamp_ = kNoTimestamp;  // of the first record
  TimestampMs max_timestamp_ = kNoTimestamp;
};

// What compaction leaves of a batch that has lost all its records while its offsets must stay: the
// same header with offsets, greatest timestamp and producer, but no records, codec, base timestamp
// or delete horizon, which is what Kafka leaves too.
std::string BuildEmptiedBatch(const BatchHeader& batch);

}  // namespace gneiss::records
