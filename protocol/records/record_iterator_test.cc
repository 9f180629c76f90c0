// SPDX-License-Identifier: Apache-2.0
#include "protocol/records/record_iterator.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "protocol/base/shared_bytes.h"
#include "protocol/records/compression.h"
#include "protocol/records/testing/raw_batch.h"

namespace gneiss::records {
namespace {

using testing::RawBatch;
using testing::RawRecord;
using testing::Varint;

RecordBatchView View(std::string_view batch) {
  return RecordBatchView::Parse(AsBytes(batch)).value();
}

// All records of `batch`, or its error.
Result<std::vector<RecordView>> ReadAll(std::string_view batch,
                                        const IterateOptions& options = {}) {
  GNEISS_ASSIGN_OR_RETURN(RecordIterator records, RecordIterator::Open(View(batch), options));
  std::vector<RecordView> all;
  while (true) {
    GNEISS_ASSIGN_OR_RETURN(const std::optional<RecordView> record, records.Next());
    if (!record.has_value()) return all;
    all.push_back(*record);
  }
}

// The error of a batch of one record.
Errc ErrorOf(const RawRecord& record) {
  const auto all = ReadAll(RawBatch(1, record.Encode()));
  return all.has_value() ? Errc::kInternal : all.error().code;
}

TEST(RecordIteratorTest, ReadsEveryPartInPlace) {
  const std::string headers =
      Varint(2) + Varint(2) + "h1" + Varint(3) + "one" + Varint(0) + Varint(-1);
  const std::string batch = RawBatch(
      BatchHeader{.base_offset = Offset(100),
                  .last_offset_delta = 1,
                  .base_timestamp = 5000,
                  .max_timestamp = 5007,
                  .record_count = 2},
      RawRecord{.key = "key", .value = "value", .headers = headers}.Encode() +
          RawRecord{
              .offset_delta = 1, .timestamp_delta = 7, .key = std::nullopt, .value = std::nullopt}
              .Encode());
  const auto all = ReadAll(batch).value();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].index, 0);
  EXPECT_EQ(all[0].offset, Offset(100));
  EXPECT_EQ(all[0].timestamp, 5000);
  EXPECT_EQ(all[0].key, "key");
  EXPECT_EQ(all[0].value, "value");
  EXPECT_EQ(std::vector<HeaderView>(all[0].headers.begin(), all[0].headers.end()),
            (std::vector<HeaderView>{{"h1", "one"}, {"", std::nullopt}}));
  EXPECT_EQ(all[1].index, 1);
  EXPECT_EQ(all[1].offset, Offset(101));
  EXPECT_EQ(all[1].timestamp, 5007);
  EXPECT_EQ(all[1].key, std::nullopt);
  EXPECT_EQ(all[1].value, std::nullopt);
  EXPECT_TRUE(all[1].headers.empty());
  EXPECT_TRUE(all[0].value->data() > batch.data() &&
              all[0].value->data() < batch.data() + batch.size());
}

TEST(RecordIteratorTest, EmptyAndNullAreDifferent) {
  const auto all =
      ReadAll(RawBatch(1, RawRecord{.key = "", .value = std::nullopt}.Encode())).value();
  EXPECT_EQ(all[0].key, "");
  EXPECT_EQ(all[0].value, std::nullopt);
}

TEST(RecordIteratorTest, LogAppendTimeIsTheTimeOfEveryRecord) {
  BatchHeader header{.attributes = kLogAppendTimeBit,
                     .last_offset_delta = 0,
                     .base_timestamp = 10,
                     .max_timestamp = 99,
                     .record_count = 1};
  EXPECT_EQ(
      ReadAll(RawBatch(header, RawRecord{.timestamp_delta = 3}.Encode())).value()[0].timestamp, 99);
}

TEST(RecordIteratorTest, TimestampsWrapInsteadOfOverflowing) {
  BatchHeader header{.base_timestamp = std::numeric_limits<std::int64_t>::max(), .record_count = 1};
  EXPECT_EQ(
      ReadAll(RawBatch(header, RawRecord{.timestamp_delta = 1}.Encode())).value()[0].timestamp,
      std::numeric_limits<std::int64_t>::min());
}

TEST(RecordIteratorTest, ABatchMayBeEmpty) {
  EXPECT_TRUE(ReadAll(RawBatch(BatchHeader{.last_offset_delta = 4}, "")).value().empty());
  const BatchHeader zstd{.attributes = 4, .last_offset_delta = 4};
  EXPECT_TRUE(ReadAll(RawBatch(zstd, "")).value().empty());
}

TEST(RecordIteratorTest, CompactionMayLeaveGaps) {
  const std::string records =
      RawRecord{.offset_delta = 3}.Encode() + RawRecord{.offset_delta = 9}.Encode();
  const BatchHeader header{.base_offset = Offset(50), .last_offset_delta = 20, .record_count = 2};
  const auto all = ReadAll(RawBatch(header, records)).value();
  EXPECT_EQ(all[0].offset, Offset(53));
  EXPECT_EQ(all[1].offset, Offset(59));
  EXPECT_EQ(ReadAll(RawBatch(header, records), {.offsets = OffsetRule::kDense}).error().code,
            Errc::kInvalidRecord);
}

TEST(RecordIteratorTest, OffsetsRiseAndEndWithTheBatch) {
  const auto read = [](std::int32_t first, std::int32_t second) {
    return ReadAll(RawBatch(
        2, RawRecord{.offset_delta = first}.Encode() + RawRecord{.offset_delta = second}.Encode()));
  };
  EXPECT_TRUE(read(0, 1).has_value());
  EXPECT_EQ(read(0, 0).error().code, Errc::kInvalidRecord);
  EXPECT_EQ(read(1, 0).error().code, Errc::kInvalidRecord);
  EXPECT_EQ(read(0, 2).error().code, Errc::kInvalidRecord);
  EXPECT_EQ(read(-1, 0).error().code, Errc::kInvalidRecord);
}

TEST(RecordIteratorTest, EveryLengthMustFit) {
  EXPECT_EQ(ErrorOf({}), Errc::kInternal);  // the well-formed record
  EXPECT_EQ(ErrorOf({.length = 0}), Errc::kInvalidRecord);
  EXPECT_EQ(ErrorOf({.length = -1}), Errc::kInvalidRecord);
  EXPECT_EQ(ErrorOf({.length = 7}), Errc::kInvalidRecord);  // one less
  EXPECT_EQ(ErrorOf({.length = 9}), Errc::kInvalidRecord);
  EXPECT_EQ(ErrorOf({.length = std::numeric_limits<std::int32_t>::max()}), Errc::kInvalidRecord);
  EXPECT_EQ(ErrorOf({.tail = "x"}), Errc::kInvalidRecord);
  EXPECT_EQ(ErrorOf({.key_length = 2}), Errc::kInvalidRecord);
  EXPECT_EQ(ErrorOf({.key_length = 1 << 30}), Errc::kInvalidRecord);
  EXPECT_EQ(ErrorOf({.key = std::nullopt, .key_length = -2}), Errc::kInvalidRecord);
  EXPECT_EQ(ErrorOf({.value_length = 0}), Errc::kInvalidRecord);
  EXPECT_EQ(ErrorOf({.value = std::nullopt, .value_length = -2}), Errc::kInvalidRecord);
}

TEST(RecordIteratorTest, EveryHeaderMustFit) {
  const auto error = [](std::string headers) { return ErrorOf({.headers = std::move(headers)}); };
  EXPECT_EQ(error(Varint(1) + Varint(1) + "h" + Varint(-1)), Errc::kInternal);
  EXPECT_EQ(error(Varint(-1)), Errc::kInvalidRecord);
  EXPECT_EQ(error(Varint(1)), Errc::kInvalidRecord);
  EXPECT_EQ(error(Varint(std::numeric_limits<std::int32_t>::max())), Errc::kInvalidRecord);
  EXPECT_EQ(error(Varint(1) + Varint(-1) + Varint(0)), Errc::kInvalidRecord);
  EXPECT_EQ(error(Varint(1) + Varint(9) + "h" + Varint(0)), Errc::kInvalidRecord);
  EXPECT_EQ(error(Varint(1) + Varint(1) + "h" + Varint(9) + "v"), Errc::kInvalidRecord);
  EXPECT_EQ(error(Varint(1) + Varint(1) + "h" + Varint(-2)), Errc::kInvalidRecord);
  EXPECT_EQ(error(Varint(0) + Varint(0)), Errc::kInvalidRecord);
}

TEST(RecordIteratorTest, TheCountIsThatOfTheRecords) {
  const std::string two = RawRecord{}.Encode() + RawRecord{.offset_delta = 1}.Encode();
  EXPECT_TRUE(ReadAll(RawBatch(2, two)).has_value());
  EXPECT_EQ(ReadAll(RawBatch(1, two)).error().code, Errc::kInvalidRecord);
  EXPECT_EQ(ReadAll(RawBatch(3, two)).error().code, Errc::kInvalidRecord);
  EXPECT_EQ(ReadAll(RawBatch(2, two + "x")).error().code, Errc::kInvalidRecord);
  EXPECT_EQ(ReadAll(RawBatch(BatchHeader{.record_count = -1}, "")).error().code,
            Errc::kInvalidRecord);
}

TEST(RecordIteratorTest, ACompressedBatchKeepsItsBytesWhenTheIteratorMoves) {
  const std::string plain = RawRecord{.value = "some value"}.Encode();
  const std::string packed = Compress(Codec::kLz4, 9, AsBytes(plain)).value();
  const std::string batch = RawBatch(BatchHeader{.attributes = 3, .record_count = 1}, packed);
  RecordIterator first = RecordIterator::Open(View(batch)).value();
  RecordIterator second = std::move(first);
  EXPECT_EQ(second.Next().value()->value, "some value");
  EXPECT_FALSE(second.Next().value().has_value());
}

TEST(RecordIteratorTest, ACompressedBatchIsBoundedByItsCaller) {
  const std::string plain = RawRecord{.value = std::string(100'000, 'x')}.Encode();
  const std::string packed = Compress(Codec::kZstd, 3, AsBytes(plain)).value();
  const std::string batch = RawBatch(BatchHeader{.attributes = 4, .record_count = 1}, packed);
  EXPECT_TRUE(ReadAll(batch, {.decompressed_bytes_max = plain.size()}).has_value());
  EXPECT_EQ(ReadAll(batch, {.decompressed_bytes_max = 99'999}).error().code,
            Errc::kMessageTooLarge);
}

TEST(RecordIteratorTest, ADamagedBlockIsCorrupt) {
  const std::string batch = RawBatch(BatchHeader{.attributes = 1, .record_count = 1}, "garbage");
  EXPECT_EQ(ReadAll(batch).error().code, Errc::kCorrupt);
}

}  // namespace
}  // namespace gneiss::records
