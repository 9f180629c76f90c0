// SPDX-License-Identifier: Apache-2.0
#include "protocol/records/validate.h"

#include <algorithm>
#include <string>
#include <utility>

#include "protocol/base/big_endian.h"
#include "protocol/records/compression.h"
#include "protocol/records/record_layout.h"
#include "protocol/records/varint.h"

namespace gneiss::records {
namespace {

using Failure = std::optional<ValidationFailure>;

// Kafka names every bad record. A small compressed batch may hold millions, so the list ends here.
constexpr std::size_t kRecordErrorsMax = 10'000;

ValidationFailure Refuse(Errc code, std::string detail) {
  return {.code = code, .detail = std::move(detail)};
}

// A refusal whose reason the client is told.
ValidationFailure RefuseAloud(Errc code, std::string message) {
  return {.code = code, .message = message, .detail = std::move(message)};
}

ValidationFailure Refuse(Error error) { return Refuse(error.code, std::move(error.detail)); }

// --- Framing: exactly one whole batch of magic 2, perhaps followed by bytes that form none.

// The bytes that the batch at the front of `bytes` says it has; nothing if too few are left to
// tell. Fails where Kafka does: a length below that of the oldest format, or a magic it does not
// know.
std::expected<std::optional<std::size_t>, ValidationFailure> BatchSizeAt(
    std::span<const std::byte> bytes) {
  constexpr std::int32_t kLegacyLengthMin = 14;
  constexpr std::size_t kLengthAt = 8;
  if (bytes.size() < kBatchOverheadBytes) return std::nullopt;
  const auto length = LoadBigEndian<std::int32_t>(bytes.data() + kLengthAt);
  if (length < kLegacyLengthMin) {
    return std::unexpected(
        RefuseAloud(Errc::kCorrupt, "no record batch has length " + std::to_string(length)));
  }
  if (bytes.size() <= kMagicPosition) return std::nullopt;
  const auto magic = LoadBigEndian<std::int8_t>(bytes.data() + kMagicPosition);
  if (magic < 0 || magic > kMagic) {
    return std::unexpected(
        RefuseAloud(Errc::kCorrupt, "no record batch format has magic " + std::to_string(magic)));
  }
  return kBatchOverheadBytes + static_cast<std::size_t>(length);
}

std::expected<RecordBatchView, ValidationFailure> FindBatch(std::span<const std::byte> bytes) {
  const auto size = BatchSizeAt(bytes);
  if (!size.has_value()) return std::unexpected(size.error());
  if (!size->has_value() || **size > bytes.size()) {
    return std::unexpected(Refuse(Errc::kInvalidRecord, "no complete record batch"));
  }
  if (LoadBigEndian<std::int8_t>(bytes.data() + kMagicPosition) != kMagic) {
    return std::unexpected(Refuse(Errc::kInvalidRecord, "record batch of a retired format"));
  }
  if (**size < kHeaderBytes) {
    return std::unexpected(Refuse(Errc::kCorrupt, "record batch shorter than its header"));
  }
  Result<RecordBatchView> batch = RecordBatchView::Parse(bytes);
  if (!batch.has_value()) return std::unexpected(Refuse(std::move(batch.error())));
  return *batch;
}

Failure CheckNoSecondBatch(std::span<const std::byte> rest) {
  auto size = BatchSizeAt(rest);
  if (!size.has_value()) {
    return Refuse(size.error().code, "behind the batch: " + size.error().detail);
  }
  if (!size->has_value() || **size > rest.size()) return std::nullopt;
  return Refuse(Errc::kInvalidRecord, "more than one record batch");
}

// --- The batch as its header describes it.

Failure CheckCounts(const BatchHeader& header) {
  if (header.record_count > 0 &&
      std::int64_t{header.last_offset_delta} + 1 == std::int64_t{header.record_count}) {
    return std::nullopt;
  }
  return Refuse(Errc::kInvalidRecord, "record count " + std::to_string(header.record_count) +
                                          ", last offset delta " +
                                          std::to_string(header.last_offset_delta));
}

Failure CheckBatch(const RecordBatchView& batch, const ValidationRules& rules) {
  const BatchHeader& header = batch.header();
  const bool of_client = rules.origin == AppendOrigin::kClient;
  if (of_client && header.base_offset != Offset(0)) {
    return Refuse(Errc::kInvalidRecord,
                  "base offset " + std::to_string(header.base_offset.value()) + " from a client");
  }
  if (header.size_in_bytes() > static_cast<std::size_t>(rules.max_message_bytes)) {
    return Refuse(Errc::kMessageTooLarge, "batch of " + std::to_string(header.size_in_bytes()) +
                                              " bytes, " + std::to_string(rules.max_message_bytes) +
                                              " allowed");
  }
  if (Status crc = batch.VerifyCrc(); !crc.has_value()) return Refuse(std::move(crc.error()));
  if (Failure failure = CheckCounts(header)) return failure;
  if (of_client && header.is_control()) {
    return Refuse(Errc::kInvalidRecord, "control batch from a client");
  }
  if (of_client && header.has_producer_id() && header.base_sequence < 0) {
    return Refuse(Errc::kInvalidRecord, "producer id without a sequence");
  }
  return std::nullopt;
}

// --- The records.

// RecordCheck looks at one record after the other and gathers what is wrong with them.
class RecordCheck {
 public:
  RecordCheck(const BatchHeader& header, const ValidationRules& rules, TimestampMs now)
      : header_(header),
        key_required_(rules.keys == KeyRule::kRequired),
        create_time_topic_(rules.timestamp_type == TimestampType::kCreateTime),
        type_refused_(header.timestamp_type() == TimestampType::kLogAppendTime &&
                      (!create_time_topic_ || header.max_timestamp == kNoTimestamp)),
        earliest_(now - rules.timestamp_before_ms_max),
        latest_(rules.timestamp_after_ms_max > std::numeric_limits<TimestampMs>::max() - now
                    ? std::numeric_limits<TimestampMs>::max()
                    : now + rules.timestamp_after_ms_max) {}

  // Walks all records. False if they break the format or are not as many as the header says.
  template <class Source>
  bool Walk(Source& in) {
    RecordLayout record;
    for (std::int32_t index = 0; index < header_.record_count; ++index) {
      if (!ReadRecordLayout(in, record)) return false;
      // Kafka renumbers records or stores what it gets, by codec; a log must not hold such offsets.
      if (record.offset_delta != index) return false;
      Check(index, record);
    }
    return in.AtEnd();
  }

  TimestampMs max_timestamp() const { return max_timestamp_; }
  std::int32_t max_timestamp_index() const { return max_timestamp_index_; }

  Failure TakeFailure() {
    if (errors_.empty()) return std::nullopt;
    const std::string count = std::to_string(errors_.size());
    std::string message = timestamp_error_ ? "the timestamps of some records were refused"
                                           : count + " records were refused; the first: record " +
                                                 std::to_string(errors_.front().index) + ", " +
                                                 errors_.front().text;
    ValidationFailure failure = RefuseAloud(
        timestamp_error_ ? Errc::kInvalidTimestamp : Errc::kInvalidRecord, std::move(message));
    failure.record_errors = std::move(errors_);
    return failure;
  }

 private:
  void Check(std::int32_t index, const RecordLayout& record) {
    const TimestampMs timestamp = AddWrapping(header_.base_timestamp, record.timestamp_delta);
    if (timestamp > max_timestamp_) {
      max_timestamp_ = timestamp;
      max_timestamp_index_ = index;
    }
    if (key_required_ && record.key_size < 0) {
      AddError(index, "a record in a compacted topic needs a key");
    } else if (type_refused_) {
      timestamp_error_ = true;
      AddError(index, "a producer may not set the timestamp type LogAppendTime");
    } else if (create_time_topic_ && timestamp != kNoTimestamp &&
               (timestamp < earliest_ || timestamp > latest_)) {
      AddTimestampError(index, timestamp);
    }
  }

  void AddTimestampError(std::int32_t index, TimestampMs timestamp) {
    timestamp_error_ = true;
    AddError(index, "timestamp " + std::to_string(timestamp) + " lies outside " +
                        std::to_string(earliest_) + " to " + std::to_string(latest_));
  }

  void AddError(std::int32_t index, std::string text) {
    if (errors_.size() < kRecordErrorsMax) {
      errors_.push_back({.index = index, .text = std::move(text)});
    }
  }

  const BatchHeader& header_;
  const bool key_required_;
  const bool create_time_topic_;
  // The client claims LogAppendTime. That is cleared only for a CreateTime topic and if the header
  // has a time, which counts for no more: what is stored, and checked, are the records' own times.
  const bool type_refused_;
  const TimestampMs earliest_;  // of a CreateTime topic
  const TimestampMs latest_;
  TimestampMs max_timestamp_ = kNoTimestamp;
  std::int32_t max_timestamp_index_ = 0;
  std::vector<RecordError> errors_;
  bool timestamp_error_ = false;
};

Failure CheckRecords(const RecordBatchView& batch, const ValidationRules& rules,
                     RecordCheck& check) {
  bool sound = false;
  if (batch.header().codec() == Codec::kNone) {
    SpanSource source(batch.records());
    sound = check.Walk(source);
  } else {
    StreamSource source(batch.header().codec(), batch.records(), rules.decompressed_bytes_max);
    sound = check.Walk(source);
    if (source.error().has_value()) return Refuse(*source.error());
  }
  if (!sound) return Refuse(Errc::kInvalidRecord, "the records are not what the header says");
  return check.TakeFailure();
}

// --- The batch as it goes into the log.

// Replaces the records by the same ones in the topic's codec.
Failure Rebuild(Codec codec, const ValidationRules& rules, ValidatedBatch& batch) {
  const std::size_t bytes_max =
      codec == Codec::kNone
          ? std::min<std::size_t>(rules.decompressed_bytes_max,
                                  static_cast<std::size_t>(rules.max_message_bytes))
          : rules.decompressed_bytes_max;
  Result<std::string> records =
      Transcode(batch.header.codec(), codec, rules.level.value_or(DefaultLevel(codec)),
                batch.records.view(), bytes_max);
  if (!records.has_value()) return Refuse(std::move(records.error()));
  if (records->size() + kHeaderBytes > static_cast<std::size_t>(rules.max_message_bytes)) {
    return Refuse(Errc::kMessageTooLarge, "batch of " +
                                              std::to_string(records->size() + kHeaderBytes) +
                                              " bytes as " + std::string(ToString(codec)));
  }
  batch.header.batch_length = kMinBatchLength + static_cast<std::int32_t>(records->size());
  batch.header.attributes =
      static_cast<std::int16_t>((batch.header.attributes & ~kCodecMask) | static_cast<int>(codec));
  batch.records = SharedBytes::Own(std::move(*records));
  batch.rebuilt = true;
  return std::nullopt;
}

// Sets timestamp type and max timestamp to what the log wants to hold.
void SetTimes(const ValidationRules& rules, const RecordCheck& check, TimestampMs now,
              ValidatedBatch& batch) {
  BatchHeader& header = batch.header;
  if (rules.timestamp_type == TimestampType::kLogAppendTime) {
    header.attributes = static_cast<std::int16_t>(header.attributes | kLogAppendTimeBit);
    header.max_timestamp = now;
    batch.log_append_time = now;
  } else {
    header.attributes = static_cast<std::int16_t>(header.attributes & ~kLogAppendTimeBit);
    header.max_timestamp = check.max_timestamp();
    batch.max_timestamp_offset_delta = check.max_timestamp_index();
  }
}

}  // namespace

ValidationResult ValidateForAppend(const SharedBytes& records_field, const ValidationRules& rules,
                                   TimestampMs now) {
  auto found = FindBatch(records_field.view());
  if (!found.has_value()) return std::unexpected(std::move(found.error()));
  const BatchHeader& header = found->header();
  const std::size_t size = header.size_in_bytes();
  if (rules.zstd == ZstdSupport::kRefused && header.codec() == Codec::kZstd) {
    return std::unexpected(Refuse(Errc::kUnsupportedCompression, "zstd before Produce v7"));
  }
  if (Failure failure = CheckNoSecondBatch(records_field.view().subspan(size))) {
    return std::unexpected(std::move(*failure));
  }
  if (Failure failure = CheckBatch(*found, rules)) return std::unexpected(std::move(*failure));
  RecordCheck check(header, rules, now);
  if (Failure failure = CheckRecords(*found, rules, check)) {
    return std::unexpected(std::move(*failure));
  }

  ValidatedBatch batch;
  batch.header = header;
  batch.records = records_field.Slice(kHeaderBytes, size - kHeaderBytes);
  const Codec codec = rules.codec.value_or(header.codec());
  if (codec != header.codec()) {
    if (Failure failure = Rebuild(codec, rules, batch)) return std::unexpected(std::move(*failure));
  }
  SetTimes(rules, check, now, batch);
  if (batch.size_in_bytes() > static_cast<std::size_t>(rules.segment_bytes)) {
    return std::unexpected(
        Refuse(Errc::kRecordListTooLarge, "batch of " + std::to_string(batch.size_in_bytes()) +
                                              " bytes in segments of " +
                                              std::to_string(rules.segment_bytes)));
  }
  batch.stamped = StampedHeader(batch.header);
  if (batch.header != header) batch.header.crc = batch.stamped.Seal(batch.records.view());
  return batch;
}

}  // namespace gneiss::records
