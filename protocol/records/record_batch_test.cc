// SPDX-License-Identifier: Apache-2.0
#include "protocol/records/record_batch.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "protocol/base/big_endian.h"
#include "protocol/base/crc32c.h"
#include "protocol/base/shared_bytes.h"
#include "protocol/records/testing/raw_batch.h"

namespace gneiss::records {
namespace {

using testing::RawBatch;
using testing::RawRecord;

std::string OneRecordBatch() { return RawBatch(1, RawRecord{}.Encode()); }

Errc ErrorOf(std::string_view bytes) {
  const auto batch = RecordBatchView::Parse(AsBytes(bytes));
  return batch.has_value() ? Errc::kInternal : batch.error().code;
}

TEST(BatchHeaderTest, EveryFieldLiesAtItsPlace) {
  const BatchHeader header{.base_offset = Offset(0x0102030405060708),
                           .batch_length = 0x11121314,
                           .leader_epoch = LeaderEpoch(0x21222324),
                           .crc = 0x31323334,
                           .attributes = 0x4100,
                           .last_offset_delta = 0x51525354,
                           .base_timestamp = 0x6162636465666768,
                           .max_timestamp = 0x7172737475767778,
                           .producer_id = ProducerId(0x0908070605040302),
                           .producer_epoch = 0x1918,
                           .base_sequence = 0x29282726,
                           .record_count = 0x39383736};
  const StampedHeader stamped(header);
  EXPECT_EQ(
      AsText(stamped.bytes()),
      "\x01\x02\x03\x04\x05\x06\x07\x08\x11\x12\x13\x14\x21\x22\x23\x24\x02\x31\x32\x33\x34"
      "\x41" +
          std::string(1, '\0') +
          "\x51\x52\x53\x54\x61\x62\x63\x64\x65\x66\x67\x68\x71\x72"
          "\x73\x74\x75\x76\x77\x78\x09\x08\x07\x06\x05\x04\x03\x02\x19\x18\x29\x28\x27\x26\x39\x38"
          "\x37\x36");
  EXPECT_EQ(BatchHeader::Parse(stamped.bytes()).value(), header);
}

TEST(BatchHeaderTest, AttributesAreReadBitByBit) {
  BatchHeader header;
  EXPECT_EQ(header.codec(), Codec::kNone);
  EXPECT_EQ(header.timestamp_type(), TimestampType::kCreateTime);
  EXPECT_FALSE(header.is_transactional() || header.is_control() || header.has_delete_horizon());
  header.attributes = 4;
  EXPECT_EQ(header.codec(), Codec::kZstd);
  header.attributes = kLogAppendTimeBit;
  EXPECT_EQ(header.timestamp_type(), TimestampType::kLogAppendTime);
  header.attributes = kTransactionalBit;
  EXPECT_TRUE(header.is_transactional() && !header.is_control());
  header.attributes = kControlBit;
  EXPECT_TRUE(header.is_control() && !header.is_transactional());
  header.attributes = kDeleteHorizonBit;
  EXPECT_TRUE(header.has_delete_horizon());
}

TEST(BatchHeaderTest, OffsetsAndSizesFollowFromIt) {
  const BatchHeader header{.base_offset = Offset(40), .batch_length = 100, .last_offset_delta = 4};
  EXPECT_EQ(header.last_offset(), Offset(44));
  EXPECT_EQ(header.next_offset(), Offset(45));
  EXPECT_EQ(header.size_in_bytes(), 112U);
}

TEST(BatchHeaderTest, SequencesWrapToZero) {
  constexpr std::int32_t kLast = std::numeric_limits<std::int32_t>::max();
  EXPECT_EQ(AdvanceSequence(kLast, 1), 0);
  EXPECT_EQ(AdvanceSequence(5, 3), 8);
  EXPECT_EQ((BatchHeader{.last_offset_delta = 2, .base_sequence = kLast - 1}).last_sequence(), 0);
  EXPECT_EQ((BatchHeader{.last_offset_delta = 2, .base_sequence = 7}).last_sequence(), 9);
  EXPECT_EQ((BatchHeader{.last_offset_delta = 2}).last_sequence(), kNoSequence);
}

TEST(BatchHeaderTest, AHeaderWithoutItsRecordsParses) {
  const std::string batch = OneRecordBatch();
  EXPECT_TRUE(BatchHeader::Parse(AsBytes(batch).first(kHeaderBytes)).has_value());
  EXPECT_EQ(BatchHeader::Parse(AsBytes(batch).first(kHeaderBytes - 1)).error().code,
            Errc::kMalformed);
}

TEST(BatchHeaderTest, WhatIsNoBatchIsNamed) {
  std::string batch = OneRecordBatch();
  batch[kMagicPosition] = 1;
  EXPECT_EQ(ErrorOf(batch), Errc::kUnsupportedVersion);

  batch = OneRecordBatch();
  StoreBigEndian(batch.data() + 8, std::int32_t{kMinBatchLength - 1});
  EXPECT_EQ(ErrorOf(batch), Errc::kCorrupt);
  StoreBigEndian(batch.data() + 8, std::int32_t{-1});
  EXPECT_EQ(ErrorOf(batch), Errc::kCorrupt);

  for (const char codec : {'\5', '\6', '\7'}) {
    batch = OneRecordBatch();
    batch[22] = codec;
    EXPECT_EQ(ErrorOf(batch), Errc::kUnsupportedCompression);
  }
}

TEST(StampedHeaderTest, OffsetAndEpochLeaveTheCrcAlone) {
  const std::string batch = OneRecordBatch();
  StampedHeader stamped(AsBytes(batch));
  stamped.SetBaseOffset(Offset(1'234'567'890'123));
  stamped.SetLeaderEpoch(LeaderEpoch(9));
  const std::string changed = std::string(AsText(stamped.bytes())) + batch.substr(kHeaderBytes);
  const auto view = RecordBatchView::Parse(AsBytes(changed)).value();
  EXPECT_EQ(view.header().base_offset, Offset(1'234'567'890'123));
  EXPECT_EQ(view.header().leader_epoch, LeaderEpoch(9));
  EXPECT_TRUE(view.VerifyCrc().has_value());
}

TEST(StampedHeaderTest, TimestampAndTypeGetANewCrc) {
  const std::string batch = OneRecordBatch();
  const auto records = AsBytes(batch).subspan(kHeaderBytes);
  StampedHeader stamped(AsBytes(batch));
  stamped.SetMaxTimestampAndType(777, TimestampType::kLogAppendTime, records);
  std::string changed = std::string(AsText(stamped.bytes())) + batch.substr(kHeaderBytes);
  auto view = RecordBatchView::Parse(AsBytes(changed)).value();
  EXPECT_EQ(view.header().max_timestamp, 777);
  EXPECT_EQ(view.header().timestamp_type(), TimestampType::kLogAppendTime);
  EXPECT_TRUE(view.VerifyCrc().has_value());

  stamped.SetMaxTimestampAndType(1000, TimestampType::kCreateTime, records);
  EXPECT_EQ(AsText(stamped.bytes()), batch.substr(0, kHeaderBytes));
}

TEST(RecordBatchViewTest, SeesExactlyItsBatch) {
  const std::string batch = OneRecordBatch();
  const std::string bytes = batch + "more";
  const auto view = RecordBatchView::Parse(AsBytes(bytes)).value();
  EXPECT_EQ(AsText(view.bytes()), batch);
  EXPECT_EQ(AsText(view.records()), batch.substr(kHeaderBytes));
}

TEST(RecordBatchViewTest, EveryBitBehindTheCrcIsUnderIt) {
  const std::string batch = OneRecordBatch();
  for (std::size_t at = kCrcPosition; at < batch.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = batch;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      const auto view = RecordBatchView::Parse(AsBytes(damaged));
      if (!view.has_value()) continue;  // a codec that does not exist
      EXPECT_EQ(view->VerifyCrc().error().code, Errc::kCorrupt) << at << ' ' << bit;
    }
  }
}

TEST(RecordBatchViewTest, ACutBatchIsMalformed) {
  const std::string batch = OneRecordBatch();
  for (std::size_t size = 0; size < batch.size(); ++size) {
    EXPECT_EQ(ErrorOf(std::string_view(batch).substr(0, size)), Errc::kMalformed) << size;
  }
}

TEST(BatchScannerTest, WalksBatchesUpToATornTail) {
  const std::string batch = OneRecordBatch();
  for (std::size_t torn = 0; torn < batch.size(); ++torn) {
    const std::string bytes = batch + batch + batch.substr(0, torn);
    BatchScanner scanner(AsBytes(bytes));
    EXPECT_EQ(AsText(scanner.Next().value()->bytes()), batch);
    EXPECT_EQ(AsText(scanner.Next().value()->bytes()), batch);
    EXPECT_FALSE(scanner.Next().value().has_value());
    EXPECT_EQ(scanner.rest().size(), torn);
  }
}

TEST(BatchScannerTest, StopsAtWhatIsNoBatch) {
  const std::string bytes = OneRecordBatch() + std::string(100, '\0');
  BatchScanner scanner(AsBytes(bytes));
  EXPECT_TRUE(scanner.Next().value().has_value());
  EXPECT_EQ(scanner.Next().error().code, Errc::kUnsupportedVersion);
}

}  // namespace
}  // namespace gneiss::records
