// SPDX-License-Identifier: Apache-2.0
#include "protocol/records/record_batch.h"

#include <algorithm>
#include <string>

#include "protocol/base/big_endian.h"
#include "protocol/base/crc32c.h"

namespace gneiss::records {
namespace {

constexpr std::size_t kBaseOffsetAt = 0;
constexpr std::size_t kLengthAt = 8;
constexpr std::size_t kLeaderEpochAt = 12;
constexpr std::size_t kAttributesAt = 21;
constexpr std::size_t kLastOffsetDeltaAt = 23;
constexpr std::size_t kBaseTimestampAt = 27;
constexpr std::size_t kMaxTimestampAt = 35;
constexpr std::size_t kProducerIdAt = 43;
constexpr std::size_t kProducerEpochAt = 51;
constexpr std::size_t kBaseSequenceAt = 53;
constexpr std::size_t kRecordCountAt = 57;

template <class Int>
Int Load(std::span<const std::byte> bytes, std::size_t at) {
  return LoadBigEndian<Int>(bytes.data() + at);
}

Status CheckHeader(const BatchHeader& header, std::int8_t magic) {
  if (magic != kMagic) {
    return Fail(Errc::kUnsupportedVersion, "record batch of magic " + std::to_string(magic));
  }
  if (header.batch_length < kMinBatchLength) {
    return Fail(Errc::kCorrupt, "record batch of length " + std::to_string(header.batch_length));
  }
  if (header.codec() > Codec::kZstd) {
    return Fail(Errc::kUnsupportedCompression,
                "record batch with codec " + std::to_string(header.attributes & kCodecMask));
  }
  return {};
}

}  // namespace

Result<BatchHeader> BatchHeader::Parse(std::span<const std::byte> bytes) {
  if (bytes.size() < kHeaderBytes) {
    return Fail(Errc::kMalformed,
                "record batch header cut to " + std::to_string(bytes.size()) + " bytes");
  }
  BatchHeader header;
  header.base_offset = Offset(Load<std::int64_t>(bytes, kBaseOffsetAt));
  header.batch_length = Load<std::int32_t>(bytes, kLengthAt);
  header.leader_epoch = LeaderEpoch(Load<std::int32_t>(bytes, kLeaderEpochAt));
  header.crc = Load<std::uint32_t>(bytes, kCrcPosition);
  header.attributes = Load<std::int16_t>(bytes, kAttributesAt);
  header.last_offset_delta = Load<std::int32_t>(bytes, kLastOffsetDeltaAt);
  header.base_timestamp = Load<std::int64_t>(bytes, kBaseTimestampAt);
  header.max_timestamp = Load<std::int64_t>(bytes, kMaxTimestampAt);
  header.producer_id = ProducerId(Load<std::int64_t>(bytes, kProducerIdAt));
  header.producer_epoch = Load<std::int16_t>(bytes, kProducerEpochAt);
  header.base_sequence = Load<std::int32_t>(bytes, kBaseSequenceAt);
  header.record_count = Load<std::int32_t>(bytes, kRecordCountAt);
  GNEISS_RETURN_IF_ERROR(CheckHeader(header, Load<std::int8_t>(bytes, kMagicPosition)));
  return header;
}

StampedHeader::StampedHeader(std::span<const std::byte> batch) {
  std::ranges::copy(batch.first(kHeaderBytes), bytes_.begin());
}

StampedHeader::StampedHeader(const BatchHeader& header) {
  std::byte* const to = bytes_.data();
  StoreBigEndian(to + kBaseOffsetAt, header.base_offset.value());
  StoreBigEndian(to + kLengthAt, header.batch_length);
  StoreBigEndian(to + kLeaderEpochAt, header.leader_epoch.value());
  StoreBigEndian(to + kMagicPosition, kMagic);
  StoreBigEndian(to + kCrcPosition, header.crc);
  StoreBigEndian(to + kAttributesAt, header.attributes);
  StoreBigEndian(to + kLastOffsetDeltaAt, header.last_offset_delta);
  StoreBigEndian(to + kBaseTimestampAt, header.base_timestamp);
  StoreBigEndian(to + kMaxTimestampAt, header.max_timestamp);
  StoreBigEndian(to + kProducerIdAt, header.producer_id.value());
  StoreBigEndian(to + kProducerEpochAt, header.producer_epoch);
  StoreBigEndian(to + kBaseSequenceAt, header.base_sequence);
  StoreBigEndian(to + kRecordCountAt, header.record_count);
}

void StampedHeader::SetBaseOffset(Offset offset) {
  StoreBigEndian(bytes_.data() + kBaseOffsetAt, offset.value());
}

void StampedHeader::SetLeaderEpoch(LeaderEpoch epoch) {
  StoreBigEndian(bytes_.data() + kLeaderEpochAt, epoch.value());
}

void StampedHeader::SetMaxTimestampAndType(TimestampMs max_timestamp, TimestampType type,
                                           std::span<const std::byte> records) {
  auto attributes = Load<std::int16_t>(bytes_, kAttributesAt);
  attributes = static_cast<std::int16_t>(type == TimestampType::kLogAppendTime
                                             ? attributes | kLogAppendTimeBit
                                             : attributes & ~kLogAppendTimeBit);
  StoreBigEndian(bytes_.data() + kAttributesAt, attributes);
  StoreBigEndian(bytes_.data() + kMaxTimestampAt, max_timestamp);
  Seal(records);
}

std::uint32_t StampedHeader::Seal(std::span<const std::byte> records) {
  const std::uint32_t of_header = Crc32c(bytes().subspan(kCrcStart));
  const std::uint32_t crc = Crc32c(records, of_header);
  StoreBigEndian(bytes_.data() + kCrcPosition, crc);
  return crc;
}

Result<RecordBatchView> RecordBatchView::Parse(std::span<const std::byte> bytes) {
  GNEISS_ASSIGN_OR_RETURN(const BatchHeader header, BatchHeader::Parse(bytes));
  if (header.size_in_bytes() > bytes.size()) {
    return Fail(Errc::kMalformed, "record batch of " + std::to_string(header.size_in_bytes()) +
                                      " bytes cut to " + std::to_string(bytes.size()));
  }
  return RecordBatchView(header, bytes.first(header.size_in_bytes()));
}

Status RecordBatchView::VerifyCrc() const {
  if (Crc32c(bytes_.subspan(kCrcStart)) != header_.crc) {
    return Fail(Errc::kCorrupt, "record batch with a wrong CRC");
  }
  return {};
}

Result<std::optional<RecordBatchView>> BatchScanner::Next() {
  if (rest_.size() < kHeaderBytes) return std::nullopt;
  GNEISS_ASSIGN_OR_RETURN(const BatchHeader header, BatchHeader::Parse(rest_));
  if (header.size_in_bytes() > rest_.size()) return std::nullopt;
  GNEISS_ASSIGN_OR_RETURN(const RecordBatchView batch, RecordBatchView::Parse(rest_));
  rest_ = rest_.subspan(batch.bytes().size());
  return batch;
}

}  // namespace gneiss::records
