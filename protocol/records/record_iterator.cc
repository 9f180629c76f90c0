// SPDX-License-Identifier: Apache-2.0
#include "protocol/records/record_iterator.h"

#include <utility>

#include "protocol/base/shared_bytes.h"
#include "protocol/records/compression.h"
#include "protocol/records/record_layout.h"
#include "protocol/records/varint.h"

namespace gneiss::records {
namespace {

std::optional<std::string_view> TextAt(std::span<const std::byte> bytes, std::size_t at,
                                       std::int32_t size) {
  if (size < 0) return std::nullopt;
  return AsText(bytes.subspan(at, static_cast<std::size_t>(size)));
}

}  // namespace

HeaderRange::Iterator::Iterator(std::span<const std::byte> bytes, std::int32_t left)
    : bytes_(bytes), left_(left) {
  if (left_ > 0) Decode();
}

HeaderRange::Iterator& HeaderRange::Iterator::operator++() {
  if (--left_ > 0) Decode();
  return *this;
}

void HeaderRange::Iterator::Decode() {
  const auto take = [this]() -> std::optional<std::string_view> {
    const std::byte* const end = bytes_.data() + bytes_.size();
    std::int32_t size = 0;
    const std::byte* const at = ReadVarint(bytes_.data(), end, size);
    bytes_ = {at, end};
    if (size < 0) return std::nullopt;
    const auto part = bytes_.first(static_cast<std::size_t>(size));
    bytes_ = bytes_.subspan(part.size());
    return AsText(part);
  };
  header_.key = take().value_or(std::string_view());
  header_.value = take();
}

Result<RecordIterator> RecordIterator::Open(const RecordBatchView& batch,
                                            const IterateOptions& options) {
  RecordIterator records(batch.header(), options.offsets);
  records.plain_ = batch.records();
  // An empty batch has nothing behind its header, whatever its codec.
  if (batch.header().codec() != Codec::kNone && !batch.records().empty()) {
    GNEISS_ASSIGN_OR_RETURN(std::string plain, Decompress(batch.header().codec(), batch.records(),
                                                          options.decompressed_bytes_max));
    records.owned_ = std::make_unique<const std::string>(std::move(plain));
    records.plain_ = AsBytes(*records.owned_);
  }
  return records;
}

Status RecordIterator::CheckOffset(std::int32_t offset_delta) const {
  const bool fits = offsets_ == OffsetRule::kDense ? offset_delta == index_
                                                   : offset_delta > previous_delta_ &&
                                                         offset_delta <= header_.last_offset_delta;
  if (fits) return {};
  return Fail(Errc::kInvalidRecord, "record " + std::to_string(index_) + " has offset delta " +
                                        std::to_string(offset_delta));
}

Result<std::optional<RecordView>> RecordIterator::Next() {
  if (index_ >= header_.record_count) {
    if (header_.record_count >= 0 && position_ == plain_.size()) return std::nullopt;
    return Fail(Errc::kInvalidRecord, std::to_string(plain_.size() - position_) +
                                          " bytes behind record count " +
                                          std::to_string(header_.record_count));
  }
  SpanSource source(plain_, position_);
  RecordLayout layout;
  if (!ReadRecordLayout(source, layout)) {
    return Fail(Errc::kInvalidRecord, "record " + std::to_string(index_) + " at " +
                                          std::to_string(position_) + " does not fit the " +
                                          std::to_string(plain_.size()) + " bytes of its batch");
  }
  GNEISS_RETURN_IF_ERROR(CheckOffset(layout.offset_delta));

  RecordView record;
  record.index = index_++;
  record.offset = header_.base_offset + layout.offset_delta;
  record.timestamp = header_.TimeOf(layout.timestamp_delta);
  record.key = TextAt(plain_, layout.key_at, layout.key_size);
  record.value = TextAt(plain_, layout.value_at, layout.value_size);
  record.headers = HeaderRange(plain_.subspan(layout.headers_at, layout.end - layout.headers_at),
                               layout.header_count);
  position_ = layout.end;
  previous_delta_ = layout.offset_delta;
  return record;
}

}  // namespace gneiss::records
