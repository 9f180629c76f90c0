// SPDX-License-Identifier: Apache-2.0
#include "engine/format.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace gneiss::engine::format {
namespace {

std::string Hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

PartitionRef Ref() {
  PartitionRef ref;
  for (std::uint8_t i = 0; i < 16; ++i) ref.topic_id.bytes[i] = static_cast<std::uint8_t>(0xa0 + i);
  ref.partition = PartitionId(3);
  return ref;
}

constexpr char kRefHex[] = "02a0a1a2a3a4a5a6a7a8a9aaabacadaeaf00000003";

std::string_view Rest(const std::string& key) {
  const Result<FactKey> decoded = DecodeFactKey(key);
  EXPECT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->partition, Ref());
  return decoded->rest;
}

// The bytes below are those of docs/on-disk-format.md. If one of these tests has to change, the
// data of every user has changed.
TEST(FormatTest, BatchKeysAreTheLastOffsetInBigEndian) {
  const BatchKey key = EncodeBatchKey(Offset(0x0102030405060708));
  EXPECT_EQ(Hex({key.data(), key.size()}), "0102030405060708");
  EXPECT_EQ(*DecodeBatchKey({key.data(), key.size()}), Offset(0x0102030405060708));
  EXPECT_EQ(DecodeBatchKey("short").error().code, Errc::kCorrupt);
}

TEST(FormatTest, BatchKeysSortAsTheirOffsets) {
  const Offset offsets[] = {Offset(0), Offset(1), Offset(255), Offset(256),
                            Offset(std::numeric_limits<std::int64_t>::max())};
  for (std::size_t i = 1; i < std::size(offsets); ++i) {
    const BatchKey a = EncodeBatchKey(offsets[i - 1]), b = EncodeBatchKey(offsets[i]);
    EXPECT_LT(std::string_view(a.data(), a.size()), std::string_view(b.data(), b.size()));
  }
}

TEST(FormatTest, BindingsNameTheOwnerOfAFamily) {
  const Binding binding{.partition = Ref(), .family_id = 5};
  EXPECT_EQ(BindingKey("orders-3"), "\x01orders-3");
  EXPECT_EQ(Hex(EncodeBinding(binding)), "01a0a1a2a3a4a5a6a7a8a9aaabacadaeaf0000000300000005");
  EXPECT_EQ(*DecodeBinding(EncodeBinding(binding)), binding);
}

TEST(FormatTest, PendingClonesNameTheirFamily) {
  const std::string key = PendingCloneKey(Ref());
  EXPECT_EQ(Hex(key), "03a0a1a2a3a4a5a6a7a8a9aaabacadaeaf00000003");
  EXPECT_TRUE(key.starts_with(PendingClonesBegin()));
  EXPECT_EQ(*DecodePendingCloneKey(key), Ref());
  EXPECT_EQ(EncodePendingClone("copy-3"),
            "\x01"
            "copy-3");
  EXPECT_EQ(*DecodePendingClone("\x01"
                                "copy-3"),
            "copy-3");
  EXPECT_FALSE(DecodePendingCloneKey(key.substr(1)));
  EXPECT_FALSE(DecodePendingClone(""));
}

TEST(FormatTest, ASnapshotHoldsItsFirstDataDirectoryAndTheOthersWithin) {
  EXPECT_EQ(SnapshotDataDir("/s", 0), "/s");
  EXPECT_EQ(SnapshotDataDir("/s", 1), "/s/log-dir-01");
  EXPECT_EQ(SnapshotDataDir("/s", 12), "/s/log-dir-12");
}

TEST(FormatTest, AFamilyNameWithATopicIdIsNoTopicsPlainName) {
  const TopicPartition tp{"orders", PartitionId(3)};
  EXPECT_EQ(FamilyName(tp), "orders-3");
  EXPECT_EQ(FamilyName(tp, Ref().topic_id), "orders-3@" + Ref().topic_id.ToString());
}

TEST(FormatTest, LogStartAndCheckpointAndEpochs) {
  EXPECT_EQ(Hex(LogStartKey(Ref())), std::string(kRefHex) + "01");
  const LogStart start{Offset(9), LogStartReason::kRetentionBytes, 1000};
  EXPECT_EQ(Hex(EncodeLogStart(start)), "0200000000000000090300000000000003e8");
  EXPECT_EQ(*DecodeLogStart(EncodeLogStart(start)), start);
  const std::string version_1("\x01\0\0\0\0\0\0\0\x09", 9);
  EXPECT_EQ(*DecodeLogStart(version_1),
            (LogStart{Offset(9), LogStartReason::kDeleteRecords, kNoTimestamp}));

  const Checkpoint checkpoint{.log_end = Offset(10), .high_watermark = Offset(9)};
  EXPECT_EQ(Hex(CheckpointKey(Ref())), std::string(kRefHex) + "02");
  EXPECT_EQ(Hex(EncodeCheckpoint(checkpoint)), "01000000000000000a0000000000000009");
  EXPECT_EQ(*DecodeCheckpoint(EncodeCheckpoint(checkpoint)), checkpoint);

  const std::string key = LeaderEpochKey(Ref(), LeaderEpoch(7));
  EXPECT_EQ(Hex(key), std::string(kRefHex) + "0300000007");
  EXPECT_EQ(*DecodeEpochStart(Rest(key), EncodeEpochStart(Offset(9))),
            (EpochStart{LeaderEpoch(7), Offset(9)}));
}

TEST(FormatTest, ProducersKeepTheirBatchesAsDifferences) {
  ProducerFact fact;
  fact.epoch = 2;
  fact.last_update = 1000;
  fact.last_timestamp = 900;
  fact.batches = {
      {.last_sequence = 14, .offset_delta = 4, .last_offset = Offset(114), .timestamp = 900},
      {.last_sequence = 9, .offset_delta = 9, .last_offset = Offset(109), .timestamp = 890}};
  const std::string key = ProducerKey(Ref(), ProducerId(7));
  EXPECT_EQ(Hex(key), std::string(kRefHex) + "040000000000000007");
  EXPECT_EQ(*DecodeProducerKey(Rest(key)), ProducerId(7));
  EXPECT_EQ(Hex(EncodeProducer(fact)),
            "01"    // version
            "0002"  // epoch
            "01"    // no coordinator epoch
            "01"    // no open transaction
            "d00f"
            "880e"          // last update, last timestamp
            "02"            // batches
            "1c08e401880e"  // newest
            "09120913");    // the one before, as differences
  EXPECT_EQ(*DecodeProducer(EncodeProducer(fact)), fact);
}

// Timestamps are the client's: their differences may not fit and must come back all the same.
TEST(FormatTest, ProducersWithExtremeNumbersComeBack) {
  ProducerFact fact;
  fact.epoch = std::numeric_limits<std::int16_t>::max();
  fact.coordinator_epoch = std::numeric_limits<std::int32_t>::max();
  fact.txn_first_offset = Offset(std::numeric_limits<std::int64_t>::max());
  constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  for (const std::int64_t timestamp : {kMax, kMin, kMax, std::int64_t{-1}, kMin}) {
    fact.batches.push_back({.last_sequence = std::numeric_limits<std::int32_t>::max(),
                            .offset_delta = std::numeric_limits<std::int32_t>::max(),
                            .last_offset = Offset(kMax),
                            .timestamp = timestamp});
  }
  EXPECT_EQ(*DecodeProducer(EncodeProducer(fact)), fact);
}

TEST(FormatTest, AbortedTransactions) {
  const AbortedTxn txn{.last_offset = Offset(9),
                       .producer_id = ProducerId(7),
                       .first_offset = Offset(4),
                       .last_stable_offset = Offset(10)};
  const std::string key = AbortedTxnKey(Ref(), txn.last_offset, txn.producer_id);
  EXPECT_EQ(Hex(key), std::string(kRefHex) + "0500000000000000090000000000000007");
  EXPECT_EQ(Hex(EncodeAbortedTxn(txn)), "010000000000000004000000000000000a");
  EXPECT_EQ(*DecodeAbortedTxn(Rest(key), EncodeAbortedTxn(txn)), txn);
}

TEST(FormatTest, FirstDirtyOffsets) {
  EXPECT_EQ(Hex(FirstDirtyKey(Ref())), std::string(kRefHex) + "06");
  EXPECT_EQ(Hex(EncodeFirstDirty(Offset(258))), "010000000000000102");
  EXPECT_EQ(*DecodeFirstDirty(EncodeFirstDirty(Offset(258))), Offset(258));
}

TEST(FormatTest, AllFactsOfAPartitionLieBelowItsPrefixEnd) {
  const std::string prefix = PartitionPrefix(Ref());
  const std::string end = PrefixEnd(prefix);
  for (const std::string& key :
       {LogStartKey(Ref()), CheckpointKey(Ref()),
        LeaderEpochKey(Ref(), LeaderEpoch(std::numeric_limits<std::int32_t>::max())),
        ProducerKey(Ref(), ProducerId(std::numeric_limits<std::int64_t>::max())),
        AbortedTxnKey(Ref(), Offset(1), ProducerId(1))}) {
    EXPECT_GE(key, prefix);
    EXPECT_LT(key, end);
  }
  PartitionRef next = Ref();
  next.partition = PartitionId(4);
  EXPECT_GE(PartitionPrefix(next), end);
  EXPECT_EQ(PrefixEnd("a\xff\xff"), "b");
}

TEST(FormatTest, DamagedValuesAreCorruptAndNewerOnesUnsupported) {
  const std::string good = EncodeCheckpoint({Offset(1), Offset(1)});
  EXPECT_EQ(DecodeCheckpoint("").error().code, Errc::kCorrupt);
  EXPECT_EQ(DecodeCheckpoint(good.substr(0, good.size() - 1)).error().code, Errc::kCorrupt);
  EXPECT_EQ(DecodeCheckpoint(good + "x").error().code, Errc::kCorrupt);
  EXPECT_EQ(DecodeCheckpoint("\x02" + good.substr(1)).error().code, Errc::kUnsupportedVersion);
  EXPECT_EQ(DecodeFactKey("\x02short").error().code, Errc::kCorrupt);
  const std::string producer = EncodeProducer({});
  for (std::size_t length = 0; length < producer.size(); ++length) {
    EXPECT_FALSE(DecodeProducer(producer.substr(0, length))) << length;
  }
}

TEST(FormatTest, TimeMarksAreKeptAsDifferences) {
  const std::vector<TimeMark> marks{{Offset(0), 1000}, {Offset(7), 990}, {Offset(8), kNoTimestamp}};
  const std::string value = EncodeTimeMarks(marks);
  EXPECT_EQ(Hex(value),
            "01"
            "00d00f"
            "0e13"
            "02bd0f");
  EXPECT_EQ(*DecodeTimeMarks(value), marks);
  EXPECT_TRUE(DecodeTimeMarks(EncodeTimeMarks({}))->empty());
  for (std::size_t length : {std::size_t{0}, std::size_t{2}, value.size() - 1}) {
    EXPECT_EQ(DecodeTimeMarks(value.substr(0, length)).error().code, Errc::kCorrupt) << length;
  }
  EXPECT_EQ(DecodeTimeMarks(value + std::string("\x00\x00", 2)).error().code, Errc::kCorrupt);
  EXPECT_EQ(DecodeTimeMarks("\x02" + value.substr(1)).error().code, Errc::kUnsupportedVersion);
}

TEST(FormatTest, MetadataRecordsComeBehindProperties) {
  EXPECT_EQ(Hex(MetadataRecordKey(Offset(5))), "020000000000000005");
  EXPECT_EQ(*DecodeMetadataRecordKey(MetadataRecordKey(Offset(5))), Offset(5));
  EXPECT_EQ(MetadataPropertyKey("cluster.id"),
            "\x01"
            "cluster.id");
  EXPECT_LT(MetadataPropertyKey("zzz"), MetadataRecordKey(Offset(0)));
}

TEST(FormatTest, ASnapshotOfTheMetadataNamesItsEndAndItsRecords) {
  EXPECT_EQ(Hex(MetadataSnapshotKey()), "05");
  const MetadataSnapshot snapshot{.end = Offset(700), .records = 12};
  const std::string value = EncodeMetadataSnapshot(snapshot);
  EXPECT_EQ(Hex(value), "0100000000000002bc000000000000000c");
  EXPECT_EQ(*DecodeMetadataSnapshot(value), snapshot);
  EXPECT_EQ(DecodeMetadataSnapshot(value.substr(1)).error().code, Errc::kCorrupt);
  EXPECT_EQ(DecodeMetadataSnapshot("\x02" + value.substr(1)).error().code,
            Errc::kUnsupportedVersion);
  const SnapshotRecordRef ref{.snapshot_end = Offset(700), .index = 3};
  EXPECT_EQ(Hex(MetadataSnapshotRecordKey(ref)), "0600000000000002bc0000000000000003");
  EXPECT_EQ(*DecodeMetadataSnapshotRecordKey(MetadataSnapshotRecordKey(ref)), ref);
  EXPECT_FALSE(DecodeMetadataSnapshotRecordKey(MetadataSnapshotKey()).has_value());
  EXPECT_GT(MetadataSnapshotKey(), LogEndsBegin() + std::string(20, '\xff'));
}

TEST(FormatTest, APlacementNamesDirectoryAndStore) {
  EXPECT_EQ(Hex(PlacementKey(Ref())), "03" + std::string(kRefHex).substr(2));
  EXPECT_EQ(*DecodePlacementKey(PlacementKey(Ref())), Ref());
  EXPECT_GT(PlacementsBegin(), MetadataRecordKey(Offset(std::numeric_limits<std::int64_t>::max())));
  Uuid directory;
  directory.bytes.fill(0xd1);
  const Placement placement{.directory_id = directory, .store = 7};
  EXPECT_EQ(Hex(EncodePlacement(placement)), "01d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d100000007");
  EXPECT_EQ(*DecodePlacement(EncodePlacement(placement)), placement);
  EXPECT_EQ(DecodePlacement("\x02").error().code, Errc::kUnsupportedVersion);
}

TEST(FormatTest, StoreDirectoriesAreNumbered) {
  EXPECT_EQ(StoreDirectory(0), "store-00");
  EXPECT_EQ(StoreDirectory(123), "store-123");
  EXPECT_EQ(ParseStoreDirectory("store-07"), 7);
  EXPECT_EQ(ParseStoreDirectory("store-123"), 123);
  for (const char* name : {"store-", "store-7", "store-007", "store--1", "store-07.away", "07"}) {
    EXPECT_EQ(ParseStoreDirectory(name), std::nullopt) << name;
  }
}

TEST(FormatTest, TheDirectoryIdIsReadBack) {
  const Uuid id = Uuid::Random();
  EXPECT_EQ(*ParseDirectoryId(DirectoryIdText(id)), id);
  EXPECT_FALSE(ParseDirectoryId(id.ToString()).has_value());
  EXPECT_FALSE(ParseDirectoryId("\n").has_value());
}

TEST(FormatTest, TheFormatFileIsReadBack) {
  EXPECT_EQ(*ParseFormatFile(FormatFileText(1)), 1);
  EXPECT_EQ(*ParseFormatFile(FormatFileText(12)), 12);
  for (const char* text :
       {"", "1\n", "gneiss data directory, format \n", "gneiss data directory, format 1",
        "gneiss data directory, format -1\n"}) {
    EXPECT_EQ(ParseFormatFile(text).error().code, Errc::kCorrupt) << text;
  }
}

}  // namespace
}  // namespace gneiss::engine::format
