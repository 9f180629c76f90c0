// SPDX-License-Identifier: Apache-2.0
#include "protocol/records/batch_builder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <vector>

#include "protocol/base/shared_bytes.h"
#include "protocol/records/control_record.h"

namespace gneiss::records {
namespace {

// Opens what Build() made; checks its CRC.
RecordBatchView View(std::string_view batch) {
  const RecordBatchView view = RecordBatchView::Parse(AsBytes(batch)).value();
  EXPECT_TRUE(view.VerifyCrc().has_value());
  EXPECT_EQ(view.bytes().size(), batch.size());
  return view;
}

TEST(BatchBuilderTest, WhatIsAddedIsRead) {
  const std::array<HeaderView, 2> headers{HeaderView{"h", "1"}, HeaderView{"h", std::nullopt}};
  for (const Codec codec :
       {Codec::kNone, Codec::kGzip, Codec::kSnappy, Codec::kLz4, Codec::kZstd}) {
    BatchBuilder builder({.base_offset = Offset(7), .codec = codec});
    builder.Add({.timestamp = 20, .key = "k", .value = "v", .headers = headers});
    builder.Add(std::nullopt, std::nullopt, 30);
    builder.Add("", std::string(70'000, 'x'), 10);
    const std::string batch = builder.Build().value();

    const RecordBatchView view = View(batch);
    EXPECT_EQ(view.header().codec(), codec);
    EXPECT_EQ(view.header().base_offset, Offset(7));
    EXPECT_EQ(view.header().last_offset(), Offset(9));
    EXPECT_EQ(view.header().record_count, 3);
    EXPECT_EQ(view.header().base_timestamp, 20);
    EXPECT_EQ(view.header().max_timestamp, 30);

    RecordIterator records = RecordIterator::Open(view, {.offsets = OffsetRule::kDense}).value();
    const RecordView first = records.Next().value().value();
    EXPECT_EQ(first.key, "k");
    EXPECT_EQ(first.value, "v");
    EXPECT_TRUE(std::ranges::equal(
        std::vector<HeaderView>(first.headers.begin(), first.headers.end()), headers));
    const RecordView second = records.Next().value().value();
    EXPECT_EQ(second.timestamp, 30);
    EXPECT_EQ(second.key, std::nullopt);
    const RecordView third = records.Next().value().value();
    EXPECT_EQ(third.timestamp, 10);
    EXPECT_EQ(third.key, "");
    EXPECT_EQ(third.value->size(), 70'000U);
    EXPECT_FALSE(records.Next().value().has_value());
  }
}

TEST(BatchBuilderTest, OptionsBecomeHeaderFields) {
  BatchBuilder builder({.leader_epoch = LeaderEpoch(3),
                        .timestamp_type = TimestampType::kLogAppendTime,
                        .log_append_time = 99,
                        .producer_id = ProducerId(5),
                        .producer_epoch = 6,
                        .base_sequence = 7,
                        .is_transactional = true});
  builder.Add("k", "v", 1);
  const std::string batch = builder.Build().value();
  const BatchHeader header = View(batch).header();
  EXPECT_EQ(header.leader_epoch, LeaderEpoch(3));
  EXPECT_EQ(header.timestamp_type(), TimestampType::kLogAppendTime);
  EXPECT_EQ(header.max_timestamp, 99);
  EXPECT_EQ(header.producer_id, ProducerId(5));
  EXPECT_EQ(header.producer_epoch, 6);
  EXPECT_EQ(header.base_sequence, 7);
  EXPECT_TRUE(header.is_transactional());
  EXPECT_FALSE(header.is_control());
}

TEST(BatchBuilderTest, CompactionKeepsOffsetsAndTheEndOfTheBatch) {
  BatchBuilder builder({.base_offset = Offset(100), .delete_horizon = 5'000});
  builder.AddAt(Offset(103), {.timestamp = 4'000, .key = "k"});
  builder.AddAt(Offset(107), {.timestamp = 6'000, .key = "l"});
  builder.SetLastOffset(Offset(110));
  const std::string batch = builder.Build().value();
  const RecordBatchView view = View(batch);
  EXPECT_TRUE(view.header().has_delete_horizon());
  EXPECT_EQ(view.header().base_timestamp, 5'000);
  EXPECT_EQ(view.header().last_offset(), Offset(110));
  EXPECT_EQ(view.header().record_count, 2);
  RecordIterator records = RecordIterator::Open(view).value();
  const RecordView first = records.Next().value().value();
  EXPECT_EQ(first.offset, Offset(103));
  EXPECT_EQ(first.timestamp, 4'000);
  const RecordView second = records.Next().value().value();
  EXPECT_EQ(second.offset, Offset(107));
  EXPECT_EQ(second.timestamp, 6'000);
}

TEST(BatchBuilderTest, ABatchWithoutRecordsKeepsItsOffsets) {
  BatchBuilder builder({.base_offset = Offset(10),
                        .codec = Codec::kZstd,
                        .producer_id = ProducerId(1),
                        .producer_epoch = 0,
                        .base_sequence = 4});
  builder.SetLastOffset(Offset(12));
  const std::string batch = builder.Build().value();
  const RecordBatchView view = View(batch);
  EXPECT_EQ(batch.size(), kHeaderBytes);
  EXPECT_EQ(view.header().last_offset(), Offset(12));
  EXPECT_EQ(view.header().last_sequence(), 6);
  RecordIterator records = RecordIterator::Open(view).value();
  EXPECT_FALSE(records.Next().value().has_value());
}

TEST(BatchBuilderTest, AnEmptiedBatchKeepsAllThatIsNotOfItsRecords) {
  BatchBuilder builder({.base_offset = Offset(10),
                        .leader_epoch = LeaderEpoch(3),
                        .codec = Codec::kZstd,
                        .producer_id = ProducerId(1),
                        .producer_epoch = 2,
                        .base_sequence = 4,
                        .is_transactional = true,
                        .delete_horizon = 99});
  builder.Add("k", "v", 50);
  builder.Add("l", "v", 40);
  const std::string full = builder.Build().value();
  BatchHeader expected = View(full).header();
  const std::string emptied = BuildEmptiedBatch(expected);
  const BatchHeader header = View(emptied).header();

  EXPECT_EQ(header.max_timestamp, 50);
  expected.batch_length = kMinBatchLength;
  expected.crc = header.crc;  // View has checked it
  expected.attributes = kTransactionalBit;
  expected.base_timestamp = kNoTimestamp;
  expected.record_count = 0;
  EXPECT_EQ(header, expected);
}

TEST(BatchBuilderTest, ExtremeTimestampsComeBack) {
  BatchBuilder builder;
  const TimestampMs low = std::numeric_limits<TimestampMs>::min();
  const TimestampMs high = std::numeric_limits<TimestampMs>::max();
  builder.Add("a", "b", low);
  builder.Add("a", "b", high);
  const std::string batch = builder.Build().value();
  RecordIterator records = RecordIterator::Open(View(batch)).value();
  EXPECT_EQ(records.Next().value()->timestamp, low);
  EXPECT_EQ(records.Next().value()->timestamp, high);
}

TEST(BatchBuilderTest, TheSizeIsKnownBeforeItIsBuilt) {
  BatchBuilder builder;
  EXPECT_EQ(builder.size_in_bytes(), kHeaderBytes);
  builder.Add("k", "v");
  EXPECT_EQ(builder.record_count(), 1);
  const std::size_t size = builder.size_in_bytes();
  EXPECT_EQ(builder.Build().value().size(), size);
}

TEST(ControlRecordTest, AMarkerHasTheBytesOfKafka) {
  const std::string batch = BuildMarkerBatch({.type = ControlType::kCommit, .coordinator_epoch = 0},
                                             ProducerId(4), 2, 1'000);
  const RecordBatchView view = View(batch);
  EXPECT_EQ(view.header().attributes, kTransactionalBit | kControlBit);
  EXPECT_EQ(view.header().base_sequence, kNoSequence);
  EXPECT_EQ(view.header().producer_id, ProducerId(4));
  EXPECT_EQ(view.header().producer_epoch, 2);
  RecordIterator records = RecordIterator::Open(view).value();
  const RecordView record = records.Next().value().value();
  EXPECT_EQ(record.key, std::string_view("\0\0\0\1", 4));
  EXPECT_EQ(record.value, std::string_view("\0\0\0\0\0\0", 6));
  EXPECT_EQ(record.timestamp, 1'000);
}

TEST(ControlRecordTest, MarkersComeBack) {
  for (const ControlType type : {ControlType::kAbort, ControlType::kCommit}) {
    const TransactionMarker marker{.type = type, .coordinator_epoch = 77};
    const std::string batch = BuildMarkerBatch(marker, ProducerId(1), 0, 0);
    RecordIterator records = RecordIterator::Open(View(batch)).value();
    EXPECT_EQ(TransactionMarker::Parse(records.Next().value().value()).value(), marker);
  }
}

TEST(ControlRecordTest, WhatIsNoMarkerIsRefused) {
  const auto parse = [](std::string_view key, std::optional<std::string_view> value) {
    return TransactionMarker::Parse(RecordView{.key = key, .value = value});
  };
  const std::string_view value("\0\0\0\0\0\x05", 6);
  EXPECT_TRUE(parse(std::string_view("\0\0\0\0", 4), value).has_value());
  EXPECT_TRUE(parse(std::string_view("\0\1\0\0+", 5), value).has_value());  // a later version
  EXPECT_FALSE(parse(std::string_view("\0\0\0", 3), value).has_value());
  EXPECT_FALSE(parse("\xff\xff\0\0", value).has_value());
  EXPECT_FALSE(parse(std::string_view("\0\0\0\2", 4), value).has_value());
  EXPECT_FALSE(parse(std::string_view("\0\0\0\0", 4), value.substr(1)).has_value());
  EXPECT_FALSE(parse(std::string_view("\0\0\0\0", 4), std::nullopt).has_value());
  EXPECT_FALSE(TransactionMarker::Parse(RecordView{}).has_value());
}

TEST(ControlRecordTest, TypesAfterTheseArePassedOn) {
  const RecordView record{.key = std::string_view("\0\0\0\x63", 4)};
  EXPECT_EQ(ParseControlType(record).value(), static_cast<ControlType>(99));
}

}  // namespace
}  // namespace gneiss::records
