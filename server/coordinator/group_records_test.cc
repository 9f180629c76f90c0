// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/group_records.h"

#include <gtest/gtest.h>

#include "protocol/records/batch_builder.h"
#include "server/coordinator/group_replay.h"

namespace gneiss::server {
namespace {

const TopicPartition kOrders0{"orders", PartitionId(0)};

std::string Hex(std::string_view bytes) {
  std::string hex;
  for (const char byte : bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    hex.push_back(kDigits[static_cast<std::uint8_t>(byte) >> 4]);
    hex.push_back(kDigits[static_cast<std::uint8_t>(byte) & 0xf]);
  }
  return hex;
}

StoredRecord Parsed(const CoordinatorRecord& record) {
  std::optional<std::span<const std::byte>> value;
  if (record.value) value = AsBytes(*record.value);
  return ParseRecord(AsBytes(record.key), value).value();
}

GroupSnapshot Snapshot() {
  GroupSnapshot snapshot;
  snapshot.protocol_type = "consumer";
  snapshot.generation = 7;
  snapshot.protocol = "range";
  snapshot.leader = "m1";
  snapshot.state_since = 123456789;
  snapshot.members.push_back({.identity = {"m1", std::nullopt},
                              .client_id = "c1",
                              .client_host = "/10.0.0.1",
                              .rebalance_timeout = std::chrono::milliseconds(300000),
                              .session_timeout = std::chrono::milliseconds(45000),
                              .subscription = SharedBytes::CopyOf("sub"),
                              .assignment = SharedBytes::CopyOf("assignment")});
  snapshot.members.emplace_back().identity = {"m2", "static"};
  return snapshot;
}

CommittedOffset Committed() {
  return {.offset = Offset(42),
          .leader_epoch = LeaderEpoch(3),
          .metadata = "note",
          .commit_time = 1000,
          .topic_id = Uuid{{1, 2, 3}}};
}

TEST(GroupRecordsTest, AnOffsetIsWrittenAsKafkaWritesIt) {
  const CoordinatorRecord record = OffsetRecord("g", kOrders0, Committed()).value();
  EXPECT_EQ(Hex(record.key),
            "0001"
            "0001"
            "67"
            "0006"
            "6f7264657273"
            "00000000");
  // Version 4: offset, epoch, compact metadata, commit time, one tagged field: the topic id.
  EXPECT_EQ(Hex(*record.value),
            "0004"
            "000000000000002a"
            "00000003"
            "05"
            "6e6f7465"
            "00000000000003e8"
            "01"
            "00"
            "10"
            "01020300000000000000000000000000");
}

TEST(GroupRecordsTest, AnOffsetWithItsOwnExpiryIsWrittenInTheVersionThatHasIt) {
  CommittedOffset offset = Committed();
  offset.expire_time = 9000;
  const CoordinatorRecord record = OffsetRecord("g", kOrders0, offset).value();
  EXPECT_EQ(Hex(*record.value),
            "0001"
            "000000000000002a"
            "0004"
            "6e6f7465"
            "00000000000003e8"
            "0000000000002328");
}

TEST(GroupRecordsTest, AnEmptyGroupIsWrittenAsKafkaWritesIt) {
  GroupSnapshot snapshot;
  snapshot.state_since = 1;
  const CoordinatorRecord record = GroupRecord("g", snapshot).value();
  EXPECT_EQ(Hex(record.key),
            "0002"
            "0001"
            "67");
  EXPECT_EQ(Hex(*record.value),
            "0003"
            "0000"
            "00000000"
            "ffff"
            "ffff"
            "0000000000000001"
            "00000000");
}

TEST(GroupRecordsTest, GroupsComeBackAsTheyWere) {
  const auto stored = std::get<StoredGroup>(Parsed(GroupRecord("g", Snapshot()).value()));
  EXPECT_EQ(stored.group, "g");
  EXPECT_EQ(stored.snapshot, Snapshot());
}

TEST(GroupRecordsTest, OffsetsComeBackAsTheyWere) {
  const auto stored =
      std::get<StoredOffset>(Parsed(OffsetRecord("g", kOrders0, Committed()).value()));
  EXPECT_EQ(stored.group, "g");
  EXPECT_EQ(stored.tp, kOrders0);
  EXPECT_EQ(stored.offset, Committed());
}

TEST(GroupRecordsTest, TombstonesHaveNoValue) {
  EXPECT_EQ(std::get<StoredGroup>(Parsed(GroupTombstone("g").value())).snapshot, std::nullopt);
  EXPECT_EQ(std::get<StoredOffset>(Parsed(OffsetTombstone("g", kOrders0).value())).offset,
            std::nullopt);
}

TEST(GroupRecordsTest, RecordsOfOtherGroupTypesAreForeign) {
  const std::string key("\0\x0a\0\1g\0\1m", 8);  // a member of a share group
  const StoredRecord record = ParseRecord(AsBytes(key), AsBytes("whatever")).value();
  EXPECT_EQ(std::get<ForeignRecord>(record).type, 10);
}

TEST(GroupRecordsTest, BrokenBytesAndNewerVersionsAreErrors) {
  EXPECT_EQ(ParseRecord(AsBytes(""), std::nullopt).error().code, Errc::kMalformed);
  const CoordinatorRecord record = GroupRecord("g", Snapshot()).value();
  EXPECT_EQ(ParseRecord(AsBytes(record.key), AsBytes("\0\3x")).error().code, Errc::kMalformed);
  std::string newer = *record.value;
  newer[1] = 9;
  EXPECT_EQ(ParseRecord(AsBytes(record.key), AsBytes(newer)).error().code,
            Errc::kUnsupportedVersion);
}

TEST(GroupRecordsTest, ANameThatDoesNotFitIsRefused) {
  EXPECT_FALSE(OffsetRecord(std::string(40'000, 'g'), kOrders0, Committed()).has_value());
}

// --- replay ---

class GroupReplayTest : public ::testing::Test {
 protected:
  void Add(std::vector<CoordinatorRecord> records, records::BatchOptions options = {}) {
    records::BatchBuilder builder(options);
    for (const CoordinatorRecord& record : records) builder.Add(record.key, record.value);
    const std::string batch = builder.Build().value();
    ASSERT_TRUE(replay_.Add(records::RecordBatchView::Parse(AsBytes(batch)).value()).has_value());
  }
  GroupReplay replay_;
};

TEST_F(GroupReplayTest, TheLastRecordOfAKeyHolds) {
  CommittedOffset newer = Committed();
  newer.offset = Offset(50);
  Add({OffsetRecord("g", kOrders0, Committed()).value(), GroupRecord("g", Snapshot()).value()});
  Add({OffsetRecord("g", kOrders0, newer).value()});
  const ReplayedGroups groups = replay_.Take();
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups.at("g").snapshot, Snapshot());
  EXPECT_EQ(*groups.at("g").offsets.Find("orders", PartitionId(0)), newer);
}

TEST_F(GroupReplayTest, AGroupWithTombstonesOnlyIsGone) {
  Add({OffsetRecord("g", kOrders0, Committed()).value(), GroupRecord("g", Snapshot()).value(),
       OffsetTombstone("g", kOrders0).value(), GroupTombstone("g").value()});
  EXPECT_TRUE(replay_.Take().empty());
}

TEST_F(GroupReplayTest, AGroupMayConsistOfOffsetsAlone) {
  Add({OffsetRecord("g", kOrders0, Committed()).value()});
  const ReplayedGroups groups = replay_.Take();
  EXPECT_EQ(groups.at("g").snapshot, std::nullopt);
}

TEST_F(GroupReplayTest, ABadRecordDoesNotHideTheOthers) {
  Add({CoordinatorRecord{.key = "\x01", .value = "x"}, CoordinatorRecord{.key = "", .value = "x"},
       GroupRecord("g", Snapshot()).value()});
  EXPECT_EQ(replay_.Take().size(), 1U);
}

TEST_F(GroupReplayTest, CompressedBatchesAreRead) {
  Add({GroupRecord("g", Snapshot()).value()}, {.codec = records::Codec::kLz4});
  EXPECT_EQ(replay_.Take().size(), 1U);
}

}  // namespace
}  // namespace gneiss::server
