// SPDX-License-Identifier: Apache-2.0
#include "engine/plugin/output_decoder.h"

#include <gtest/gtest.h>
#include <rocksdb/slice.h>

#include <string>

#include "engine/format.h"
#include "engine/plugin/batch_text.h"
#include "engine/plugin/fact_text.h"
#include "engine/testing/batches.h"
#include "protocol/records/batch_builder.h"

namespace gneiss::engine {
namespace {

using testing::BatchOf;

std::string Hex(std::string_view bytes) {
  return rocksdb::Slice(bytes.data(), bytes.size()).ToString(true);
}

std::string BytesOf(const records::ValidatedBatch& batch) {
  std::string bytes(AsText(batch.stamped.bytes()));
  bytes.append(batch.records.text());
  return bytes;
}

const format::PartitionRef kRef{.topic_id = Uuid{}, .partition = PartitionId(3)};
constexpr char kRefText[] = "topic_id=AAAAAAAAAAAAAAAAAAAAAA partition=3 ";

std::string Decode(std::string_view line, RecordDetail detail = RecordDetail::kNone) {
  return OutputDecoder(detail).Decode(line);
}

TEST(OutputDecoderTest, ABatchIsToldOnOneLine) {
  const std::string batch =
      BytesOf(BatchOf({"a", "b"}, {.producer_id = 7, .epoch = 2, .sequence = 4}, {1000, 2001}));
  const std::string words =
      "last_offset=1 : offsets=0..1 records=2 max_time=1970-01-01T00:00:02.001Z producer=7 epoch=2 "
      "sequence=4..5 codec=none bytes=" +
      std::to_string(batch.size()) + " leader_epoch=-1 crc=ok";
  EXPECT_EQ(Decode("0x0000000000000001 : 0x" + Hex(batch)), words);
}

TEST(OutputDecoderTest, RecordsFollowWhenAskedFor) {
  const std::string batch = BytesOf(BatchOf({"a\n\"", "b"}));
  const std::string decoded =
      Decode("0x0000000000000001 : 0x" + Hex(batch), RecordDetail::kRecords);
  EXPECT_NE(decoded.find("\n    offset=0 time=1970-01-01T00:00:01.000Z key=null "
                         "value=\"a\\x0a\\\"\"\n    offset=1 "),
            std::string::npos)
      << decoded;
}

TEST(OutputDecoderTest, HeadersAndCompressedRecordsAreDecoded) {
  records::BatchBuilder builder(records::BatchOptions{.codec = records::Codec::kZstd});
  const std::vector<records::HeaderView> headers{{"trace", "x1"}, {"none", std::nullopt}};
  builder.Add({.timestamp = 5, .key = "k", .headers = headers});
  const auto batch = builder.Build();
  ASSERT_TRUE(batch.has_value());
  EXPECT_EQ(RecordsText(AsBytes(*batch)),
            "\n    offset=0 time=1970-01-01T00:00:00.005Z key=\"k\" value=null "
            "headers={\"trace\": \"x1\", \"none\": null}");
  EXPECT_NE(BatchText(Offset(0), AsBytes(*batch)).find(" codec=zstd "), std::string::npos);
}

TEST(OutputDecoderTest, MarkersAreNamed) {
  const std::string batch = BytesOf(testing::MarkerOf(
      records::ControlType::kAbort, {.producer_id = 7, .epoch = 2, .transactional = true}));
  EXPECT_NE(BatchText(Offset(0), AsBytes(batch)).find(" transactional control=abort "),
            std::string::npos);
  EXPECT_NE(RecordsText(AsBytes(batch)).find(" control=abort coordinator_epoch=0"),
            std::string::npos);
}

TEST(OutputDecoderTest, DamageIsTold) {
  std::string batch = BytesOf(BatchOf({"a"}));
  EXPECT_NE(BatchText(Offset(5), AsBytes(batch)).find("KEY AND BATCH DISAGREE"), std::string::npos);
  EXPECT_NE(BatchText(Offset(0), AsBytes(batch + "x")).find("LENGTH IS WRONG"), std::string::npos);
  batch.back() = static_cast<char>(batch.back() + 2);
  EXPECT_NE(BatchText(Offset(0), AsBytes(batch)).find("crc=WRONG"), std::string::npos);
  EXPECT_NE(Decode("0x0000000000000001 : 0xABCD").find("NOT A BATCH"), std::string::npos);
  EXPECT_EQ(Decode("0x" + Hex(format::LogStartKey(kRef)) + " : 0x0100"),
            std::string(kRefText) + "log-start : DAMAGED: log start: cut short");
}

TEST(OutputDecoderTest, EveryFactHasWords) {
  const auto decode = [](const std::string& key, const std::string& value) {
    return Decode("0x" + Hex(key) + " : 0x" + Hex(value));
  };
  const std::string ref = kRefText;
  EXPECT_EQ(decode(format::BindingKey("orders-3"), format::EncodeBinding({kRef, 2})),
            "name=orders-3 : topic_id=AAAAAAAAAAAAAAAAAAAAAA partition=3 family_id=2");
  const format::LogStart start{Offset(9), LogStartReason::kRetentionMs, 1000};
  EXPECT_EQ(decode(format::LogStartKey(kRef), format::EncodeLogStart(start)),
            ref + "log-start : 9 reason=" + ToText(LogStartReason::kRetentionMs) +
                " moved_at=1970-01-01T00:00:01.000Z");
  EXPECT_EQ(decode(format::CheckpointKey(kRef), format::EncodeCheckpoint({Offset(9), Offset(8)})),
            ref + "checkpoint : log_end=9 high_watermark=8");
  EXPECT_EQ(
      decode(format::LeaderEpochKey(kRef, LeaderEpoch(4)), format::EncodeEpochStart(Offset(1))),
      ref + "leader-epoch=4 : start=1");
  EXPECT_EQ(decode(format::AbortedTxnKey(kRef, Offset(20), ProducerId(7)),
                   format::EncodeAbortedTxn({Offset(20), ProducerId(7), Offset(10), Offset(5)})),
            ref + "aborted-transaction marker=20 producer=7 : first=10 last_stable=5");
  const format::ProducerFact producer{.epoch = 2,
                                      .last_update = 1000,
                                      .last_timestamp = 1000,
                                      .batches = {{1, 1, Offset(1), 1000}}};
  EXPECT_EQ(decode(format::ProducerKey(kRef, ProducerId(7)), format::EncodeProducer(producer)),
            ref +
                "producer=7 : epoch=2 coordinator_epoch=-1 no-open-transaction "
                "last_update=1970-01-01T00:00:01.000Z last_time=1970-01-01T00:00:01.000Z "
                "batches=[offsets 0..1 last_sequence 1 time 1970-01-01T00:00:01.000Z]");
  EXPECT_EQ(decode(format::FirstDirtyKey(kRef), format::EncodeFirstDirty(Offset(5))),
            ref + "first-dirty : 5");
  EXPECT_EQ(
      decode(format::PlacementKey(kRef), format::EncodePlacement({Uuid{}, 2})),
      ref.substr(0, ref.size() - 1) + " : placement directory_id=AAAAAAAAAAAAAAAAAAAAAA store=2");
  EXPECT_EQ(
      decode(format::PendingCloneKey(kRef), format::EncodePendingClone("orders-copy-number-0")),
      ref.substr(0, ref.size() - 1) + " : pending clone family=orders-copy-number-0");
  EXPECT_EQ(decode(format::LogEndKey(kRef), format::EncodeLogEnd(Offset(12))),
            ref + "log-end : 12");
  EXPECT_EQ(decode(format::MetadataRecordKey(Offset(6)), "x\x01"),
            "metadata-record=6 : \"x\\x01\"");
  EXPECT_EQ(decode(format::MetadataSnapshotKey(),
                   format::EncodeMetadataSnapshot({.end = Offset(70), .records = 3})),
            "metadata-snapshot : end=70 records=3");
  EXPECT_EQ(
      decode(format::MetadataSnapshotRecordKey({.snapshot_end = Offset(70), .index = 2}), "x"),
      "metadata-snapshot-end=70 record=2 : \"x\"");
}

TEST(OutputDecoderTest, TheOtherShapesOfOutputAreKnown) {
  const std::string key = "0000000000000000";
  const std::string batch = Hex(BytesOf(BatchOf({"a"})));
  const std::string words = BatchText(Offset(0), AsBytes(BytesOf(BatchOf({"a"}))));
  EXPECT_EQ(Decode("0x" + key + " ==> 0x" + batch), "last_offset=0 ==> " + words);
  EXPECT_EQ(Decode("'" + key + "' seq:5, type:1 => " + batch),
            "last_offset=0 seq:5, type:1 => " + words);
  EXPECT_EQ(Decode("'" + key + "' seq:5, type:0 => "), "last_offset=0 seq:5, type:0 => ");
  EXPECT_EQ(
      Decode(" 11:1073[1 .. 4]['" + key + "' seq:1, type:1 .. '0000000000000002' seq:4, type:1]"),
      " 11:1073[1 .. 4][last_offset=0 seq:1, type:1 .. last_offset=2 seq:4, type:1]");
  EXPECT_EQ(Decode("1,2,107,180,PUT(2) : 0x" + key + " : 0x" + batch + " DELETE(1) : 0x" +
                   Hex(format::BindingKey("orders-0")) + " "),
            "1,2,107,180,PUT(2) : last_offset=0 : " + words + " DELETE(1) : name=orders-0 ");
}

TEST(OutputDecoderTest, PropertiesOfOursAreText) {
  EXPECT_EQ(Decode("  # gneiss.min.offset: 0x3137"), "  # gneiss.min.offset: 17");
  EXPECT_EQ(Decode("  # gneiss.max.timestamp: 0x31303030"),
            "  # gneiss.max.timestamp: 1000 (1970-01-01T00:00:01.000Z)");
  EXPECT_EQ(Decode("  # gneiss.time.marks: 0x" +
                   Hex(format::EncodeTimeMarks({{Offset(4), 1000}, {Offset(6), -1}}))),
            "  # gneiss.time.marks: 2 marks ..4@1970-01-01T00:00:01.000Z ... ..6@none");
}

TEST(OutputDecoderTest, OtherLinesStayAsTheyAre) {
  for (const char* line : {"", "OK", "options.env is 0x7f3af56ed5a0", "Keys in range: 2",
                           "  # rocksdb.deleted.keys: 0x00", "it's 0x", "'no key' seq:"}) {
    EXPECT_EQ(Decode(line), line);
  }
}

TEST(TimeTextTest, TimestampsThatAreNoDatesAreNumbers) {
  EXPECT_EQ(TimeText(-1), "none");
  EXPECT_EQ(TimeText(-2), "-2");
  EXPECT_EQ(TimeText(253'402'300'800'000), "253402300800000");
  EXPECT_EQ(TimeText(253'402'300'799'999), "9999-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace gneiss::engine
