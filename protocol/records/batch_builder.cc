// SPDX-License-Identifier: Apache-2.0
#include "protocol/records/batch_builder.h"

#include <glog/logging.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "protocol/base/shared_bytes.h"
#include "protocol/records/compression.h"
#include "protocol/records/varint.h"

namespace gneiss::records {
namespace {

std::size_t NullableSize(const std::optional<std::string_view>& text) {
  if (!text.has_value()) return VarintSize(-1);
  return VarintSize(static_cast<std::int64_t>(text->size())) + text->size();
}

void AppendNullable(std::string& out, const std::optional<std::string_view>& text) {
  AppendVarint(out, text.has_value() ? static_cast<std::int64_t>(text->size()) : -1);
  if (text.has_value()) out.append(*text);
}

std::int16_t AttributesOf(const BatchOptions& options) {
  int bits = static_cast<int>(options.codec);
  if (options.timestamp_type == TimestampType::kLogAppendTime) bits |= kLogAppendTimeBit;
  if (options.is_transactional) bits |= kTransactionalBit;
  if (options.is_control) bits |= kControlBit;
  if (options.delete_horizon.has_value()) bits |= kDeleteHorizonBit;
  return static_cast<std::int16_t>(bits);
}

}  // namespace

BatchBuilder::BatchBuilder(BatchOptions options) : options_(std::move(options)) {}

void BatchBuilder::Add(const NewRecord& record) {
  AddAt(options_.base_offset + last_offset_delta_ + 1, record);
}

void BatchBuilder::AddAt(Offset offset, const NewRecord& record) {
  CHECK_GT(offset - options_.base_offset, last_offset_delta_);
  SetLastOffset(offset);
  if (record_count_++ == 0) base_timestamp_ = options_.delete_horizon.value_or(record.timestamp);
  max_timestamp_ = std::max(max_timestamp_, record.timestamp);

  const std::int64_t timestamp_delta = SubtractWrapping(record.timestamp, base_timestamp_);
  const auto header_count = static_cast<std::int64_t>(record.headers.size());
  std::size_t size = 1 + VarintSize(timestamp_delta) + VarintSize(last_offset_delta_) +
                     NullableSize(record.key) + NullableSize(record.value) +
                     VarintSize(header_count);
  for (const HeaderView& header : record.headers) {
    size += NullableSize(header.key) + NullableSize(header.value);
  }

  AppendVarint(records_, static_cast<std::int64_t>(size));
  records_.push_back('\0');  // attributes
  AppendVarint(records_, timestamp_delta);
  AppendVarint(records_, last_offset_delta_);
  AppendNullable(records_, record.key);
  AppendNullable(records_, record.value);
  AppendVarint(records_, header_count);
  for (const HeaderView& header : record.headers) {
    AppendNullable(records_, header.key);
    AppendNullable(records_, header.value);
  }
}

void BatchBuilder::SetLastOffset(Offset offset) {
  const std::int64_t delta = offset - options_.base_offset;
  CHECK_GE(delta, last_offset_delta_);
  CHECK_LE(delta, std::numeric_limits<std::int32_t>::max());
  last_offset_delta_ = static_cast<std::int32_t>(delta);
}

Result<std::string> BatchBuilder::Build() {
  std::string records = std::exchange(records_, {});
  if (options_.codec != Codec::kNone && !records.empty()) {
    const int level = options_.level.value_or(DefaultLevel(options_.codec));
    GNEISS_ASSIGN_OR_RETURN(records, Compress(options_.codec, level, AsBytes(records)));
  }
  constexpr std::size_t kRecordBytesMax =
      std::numeric_limits<std::int32_t>::max() - std::size_t{kMinBatchLength};
  if (records.size() > kRecordBytesMax) {
    return Fail(Errc::kRecordListTooLarge, "a batch cannot hold 2 GiB of records");
  }

  BatchHeader header;
  header.base_offset = options_.base_offset;
  header.batch_length = kMinBatchLength + static_cast<std::int32_t>(records.size());
  header.leader_epoch = options_.leader_epoch;
  header.attributes = AttributesOf(options_);
  header.last_offset_delta = std::max(last_offset_delta_, 0);
  header.base_timestamp =
      record_count_ > 0 ? base_timestamp_ : options_.delete_horizon.value_or(kNoTimestamp);
  header.max_timestamp = options_.timestamp_type == TimestampType::kLogAppendTime
                             ? options_.log_append_time
                             : max_timestamp_;
  header.producer_id = options_.producer_id;
  header.producer_epoch = options_.producer_epoch;
  header.base_sequence = options_.base_sequence;
  header.record_count = record_count_;

  StampedHeader stamped(header);
  stamped.Seal(AsBytes(records));
  records.insert(0, AsText(stamped.bytes()));
  return records;
}

std::string BuildEmptiedBatch(const BatchHeader& batch) {
  BatchHeader header = batch;
  header.batch_length = kMinBatchLength;
  header.attributes &= kLogAppendTimeBit | kTransactionalBit | kControlBit;
  header.base_timestamp = kNoTimestamp;
  header.record_count = 0;
  StampedHeader stamped(header);
  stamped.Seal({});
  return std::string(AsText(stamped.bytes()));
}

}  // namespace gneiss::records
