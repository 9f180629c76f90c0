// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/base/shared_bytes.h"
#include "protocol/records/codec.h"
#include "protocol/records/record_batch.h"

namespace gneiss::records {

// Who wrote the batch. A client must leave offsets to the log and may not write control batches.
enum class AppendOrigin : std::uint8_t { kClient, kCoordinator };

enum class ZstdSupport : std::uint8_t { kAllowed, kRefused };  // Produce below v7 refuses it
enum class KeyRule : std::uint8_t { kOptional, kRequired };    // required in compacted topics

// What the topic's configuration asks of a batch.
struct ValidationRules {
  AppendOrigin origin = AppendOrigin::kClient;
  std::int32_t max_message_bytes = 1'048'588;                             // the whole batch
  std::int32_t segment_bytes = std::numeric_limits<std::int32_t>::max();  // the same
  KeyRule keys = KeyRule::kOptional;
  TimestampType timestamp_type = TimestampType::kCreateTime;
  std::int64_t timestamp_before_ms_max = std::numeric_limits<std::int64_t>::max();
  std::int64_t timestamp_after_ms_max = std::numeric_limits<std::int64_t>::max();
  std::optional<Codec> codec = std::nullopt;  // to store with; without: the producer's ("producer")
  std::optional<int> level = std::nullopt;    // without: the codec's default
  ZstdSupport zstd = ZstdSupport::kAllowed;
  // A batch that decompresses to more is refused as too large: a bound of time, not of memory, as
  // validation never holds the plain records.
  std::size_t decompressed_bytes_max = std::size_t{1} << 30;
};

struct RecordError {
  std::int32_t index = 0;  // in the batch
  std::string text;

  bool operator==(const RecordError&) const = default;
};

// Why a batch was refused. Unlike an Error's detail, message and texts are for the client.
struct ValidationFailure {
  // kInvalidRecord (87), kCorrupt (2), kMessageTooLarge (10), kRecordListTooLarge (18),
  // kUnsupportedCompression (76) or kInvalidTimestamp (32).
  Errc code = Errc::kInvalidRecord;
  std::optional<std::string> message = std::nullopt;  // only where Kafka sends one
  std::vector<RecordError> record_errors = {};
  std::string detail = {};  // for the log
};

// A batch that may be appended: `header` stamped with offset and epoch, then `records`.
struct ValidatedBatch {
  BatchHeader header;     // decoded from `stamped`
  StampedHeader stamped;  // wants SetBaseOffset and SetLeaderEpoch, no more
  SharedBytes records;  // the bytes behind the header: a slice of the producer's frame, or rebuilt
  TimestampMs log_append_time = kNoTimestamp;   // set for LogAppendTime topics
  std::int32_t max_timestamp_offset_delta = 0;  // the first record that has header.max_timestamp
  bool rebuilt = false;  // decompressed and compressed again with the topic's codec

  std::size_t size_in_bytes() const { return header.size_in_bytes(); }
};

using ValidationResult = std::expected<ValidatedBatch, ValidationFailure>;

// Checks the records field of one partition of a produce request, in the order in which Kafka does,
// and prepares its batch for the log:
//   - bytes behind the batch that form no batch are dropped, a second batch is refused;
//   - a LogAppendTime topic sets the timestamp type and max timestamp, and keeps base and deltas;
//   - a wrong max timestamp is corrected, the LogAppendTime bit of a client is cleared;
//   - another codec than the topic's is replaced.
// Everything else stays the producer's bytes. An uncompressed batch costs one CRC pass, one walk
// over the records' lengths and no allocation. Threads: any (no state but per-thread codec
// contexts).
ValidationResult ValidateForAppend(const SharedBytes& records_field, const ValidationRules& rules,
                                   TimestampMs now);

}  // namespace gneiss::records
