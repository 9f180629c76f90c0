// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/records/record_batch.h"

namespace gneiss::records {

struct HeaderView {
  std::string_view key;
  std::optional<std::string_view> value;

  bool operator==(const HeaderView&) const = default;
};

// The headers of a record, decoded while one goes over them:
//   for (const HeaderView& header : record.headers) ...
// They were checked when the record was read, so this cannot fail.
class HeaderRange {
 public:
  class Iterator {
   public:
    using value_type = HeaderView;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    using pointer = const HeaderView*;
    using reference = const HeaderView&;

    Iterator() = default;
    Iterator(std::span<const std::byte> bytes, std::int32_t left);

    const HeaderView& operator*() const { return header_; }
    const HeaderView* operator->() const { return &header_; }
    Iterator& operator++();
    void operator++(int) { ++*this; }
    bool operator==(const Iterator& other) const { return left_ == other.left_; }

   private:
    void Decode();

    std::span<const std::byte> bytes_;  // behind the current header
    std::int32_t left_ = 0;             // including the current header
    HeaderView header_;
  };

  HeaderRange() = default;
  HeaderRange(std::span<const std::byte> bytes, std::int32_t count)
      : bytes_(bytes), count_(count) {}

  Iterator begin() const { return {bytes_, count_}; }
  Iterator end() const { return {}; }
  std::int32_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  // As they lie in the record, without the count.
  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  std::span<const std::byte> bytes_;
  std::int32_t count_ = 0;
};

// One record, valid as long as the batch (uncompressed) or the iterator (compressed) that gave it.
struct RecordView {
  std::int32_t index = 0;  // in its batch
  Offset offset{};
  TimestampMs timestamp = kNoTimestamp;  // of a LogAppendTime batch: the batch's max timestamp
  std::optional<std::string_view> key = std::nullopt;
  std::optional<std::string_view> value = std::nullopt;
  HeaderRange headers = {};
};

// Where the offsets of a batch's records may lie.
enum class OffsetRule : std::uint8_t {
  kAscending,  // stored batches: compaction leaves gaps
  kDense,      // what a producer sends: 0, 1, 2 ...
};

struct IterateOptions {
  OffsetRule offsets = OffsetRule::kAscending;
  std::size_t decompressed_bytes_max = std::size_t{1} << 30;
};

// RecordIterator goes over the records of one batch and checks all their lengths and counts against
// the bytes that are there. An uncompressed batch is read in place; a compressed one is
// decompressed whole into memory that the iterator owns.
//
//   GNEISS_ASSIGN_OR_RETURN(auto records, RecordIterator::Open(batch));
//   while (true) {
//     GNEISS_ASSIGN_OR_RETURN(const auto record, records.Next());
//     if (!record) break;
//   }
class RecordIterator {
 public:
  // The bytes behind `batch` must outlive the iterator. Does not look at the CRC.
  static Result<RecordIterator> Open(const RecordBatchView& batch,
                                     const IterateOptions& options = {});

  // The next record, or nothing behind the last. kInvalidRecord if a record breaks the format, if
  // one is missing or if bytes are left over; the iterator is of no use then.
  Result<std::optional<RecordView>> Next();

  const BatchHeader& header() const { return header_; }

 private:
  RecordIterator(const BatchHeader& header, OffsetRule offsets)
      : header_(header), offsets_(offsets) {}

  Status CheckOffset(std::int32_t offset_delta) const;

  BatchHeader header_;
  OffsetRule offsets_;
  std::unique_ptr<const std::string> owned_;  // decompressed; on the heap: views survive a move
  std::span<const std::byte> plain_;          // all records of the batch
  std::size_t position_ = 0;                  // of the next record in plain_
  std::int32_t index_ = 0;
  std::int32_t previous_delta_ = -1;
};

}  // namespace gneiss::records
