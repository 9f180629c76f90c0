// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/consumer_group_records.h"

#include <gtest/gtest.h>

#include "server/coordinator/group_records.h"

namespace gneiss::server {
namespace {

// All bytes below were written by Kafka 4.3.1, for group "gold2" with two members of the new
// protocol and one of the classic.
constexpr char kGroup[] = "gold2";
constexpr char kMember1[] = "AAAAAAAAAAAAAAAAAAAAAQ";
constexpr char kMember2[] = "AAAAAAAAAAAAAAAAAAAAAg";
constexpr char kClassic[] = "gM6TrGVvS4ym9OSvaBzs8A";
constexpr std::string_view kKeyOfMember1 =
    "0005676f6c6432"
    "001641414141414141414141414141414141414141414151";

std::string Bytes(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1])));
  }
  return bytes;
}

std::string Hex(std::string_view bytes) {
  std::string hex;
  for (const char byte : bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    hex.push_back(kDigits[static_cast<std::uint8_t>(byte) >> 4]);
    hex.push_back(kDigits[static_cast<std::uint8_t>(byte) & 0xf]);
  }
  return hex;
}

Uuid Id(std::string_view hex) {
  const std::string bytes = Bytes(hex);
  Uuid id;
  std::memcpy(id.bytes.data(), bytes.data(), id.bytes.size());
  return id;
}

const Uuid kFoo = Id("45069936a06f478e9346bb2a7463e121");
const Uuid kBar = Id("3458ea7eaa8444258ed45f1acf62118b");

Result<StoredRecord> Parse(const CoordinatorRecord& record) {
  std::optional<std::span<const std::byte>> value;
  if (record.value) value = AsBytes(*record.value);
  return ParseRecord(AsBytes(record.key), value);
}

template <class Stored>
Stored Parsed(const CoordinatorRecord& record) {
  return std::get<Stored>(std::get<StoredConsumerRecord>(Parse(record).value()));
}

// The record is written with these bytes and read back as `expected`.
template <class Stored, class Fact>
void ExpectGolden(const Result<CoordinatorRecord>& record, std::string_view value,
                  const Fact& expected) {
  EXPECT_EQ(Hex(*record.value().value), value);
  const auto stored = Parsed<Stored>({.key = record->key, .value = Bytes(value)});
  EXPECT_EQ(stored.group, kGroup);
  EXPECT_EQ(stored.value, expected);
}

TEST(ConsumerGroupRecordsTest, KeysAreKafkas) {
  const auto key = [](const Result<CoordinatorRecord>& tombstone) {
    EXPECT_EQ(tombstone->value, std::nullopt);
    return Hex(tombstone.value().key);
  };
  const std::string member(kKeyOfMember1);
  EXPECT_EQ(key(ConsumerEpochTombstone(kGroup)), "00030005676f6c6432");
  EXPECT_EQ(key(ConsumerPartitionMetadataTombstone(kGroup)), "00040005676f6c6432");
  EXPECT_EQ(key(ConsumerMemberTombstone(kGroup, kMember1)), "0005" + member);
  EXPECT_EQ(key(ConsumerTargetEpochTombstone(kGroup)), "00060005676f6c6432");
  EXPECT_EQ(key(ConsumerMemberTargetTombstone(kGroup, kMember1)), "0007" + member);
  EXPECT_EQ(key(ConsumerMemberAssignmentTombstone(kGroup, kMember1)), "0008" + member);
  EXPECT_EQ(key(ConsumerRegexTombstone(kGroup, "ba.*")), "00100005676f6c6432000462612e2a");
}

TEST(ConsumerGroupRecordsTest, TheEpochOfAGroupIsKafkas) {
  const ConsumerGroupEpoch epoch{.epoch = 2, .metadata_hash = 7239179720928880011};
  ExpectGolden<StoredConsumerEpoch>(ConsumerEpochRecord(kGroup, epoch),
                                    "0000000000020100086476bb99f32d658b", epoch);
}

TEST(ConsumerGroupRecordsTest, TheEpochOfAnEmptyGroupIsKafkas) {
  const ConsumerGroupEpoch epoch{.epoch = 8};
  ExpectGolden<StoredConsumerEpoch>(ConsumerEpochRecord(kGroup, epoch), "00000000000800", epoch);
}

TEST(ConsumerGroupRecordsTest, AMemberIsKafkas) {
  ConsumerMember member;
  member.rack_id = "rack-1";
  member.client_id = "gold";
  member.client_host = "/127.0.0.1";
  member.topic_names = {"foo"};
  member.topic_regex = "ba.*";
  member.rebalance_timeout = std::chrono::seconds(60);
  member.server_assignor = "range";
  ExpectGolden<StoredConsumerMember>(
      ConsumerMemberRecord(kGroup, kMember1, member),
      "000000077261636b2d3105676f6c640b2f3132372e302e302e310204666f6f"
      "0562612e2a0000ea600672616e676501000100",
      member);
}

TEST(ConsumerGroupRecordsTest, AStaticMemberIsKafkas) {
  ConsumerMember member;
  member.instance_id = "inst-2";
  member.client_id = "gold";
  member.client_host = "/127.0.0.1";
  member.topic_names = {"foo"};
  member.rebalance_timeout = std::chrono::seconds(60);
  ExpectGolden<StoredConsumerMember>(
      ConsumerMemberRecord(kGroup, kMember2, member),
      "000007696e73742d320005676f6c640b2f3132372e302e302e310204666f6f010000ea600001000100", member);
}

TEST(ConsumerGroupRecordsTest, AClassicMemberIsKafkas) {
  ConsumerMember member;
  member.client_id = "gold";
  member.client_host = "/127.0.0.1";
  member.topic_names = {"foo"};
  member.rebalance_timeout = std::chrono::seconds(50);
  const std::string subscription = Bytes("0001000000010003666f6fffffffff00000000");
  member.classic = ClassicMember{.session_timeout = std::chrono::seconds(45),
                                 .protocols = {{"range", SharedBytes::CopyOf(subscription)}}};
  ExpectGolden<StoredConsumerMember>(
      ConsumerMemberRecord(kGroup, kClassic, member),
      "0000000005676f6c640b2f3132372e302e302e310204666f6f010000c35000010022010000afc8020672616e6765"
      "140001000000010003666f6fffffffff000000000000",
      member);
}

TEST(ConsumerGroupRecordsTest, TheEpochOfTheTargetIsKafkas) {
  const ConsumerTargetEpoch target{.epoch = 2, .assigned_at = 1795395834831};
  ExpectGolden<StoredConsumerTargetEpoch>(ConsumerTargetEpochRecord(kGroup, target),
                                          "000000000002010008000001a205ee53cf", target);
}

TEST(ConsumerGroupRecordsTest, TheTargetOfAMemberIsKafkas) {
  const PartitionsByTopic target{{kBar, {0, 1}}, {kFoo, {0, 1, 2, 3}}};
  ExpectGolden<StoredConsumerMemberTarget>(
      ConsumerMemberTargetRecord(kGroup, kMember1, target),
      "0000033458ea7eaa8444258ed45f1acf62118b03000000000000000100"
      "45069936a06f478e9346bb2a7463e12105000000000000000100000002000000030000",
      target);
}

TEST(ConsumerGroupRecordsTest, AMemberThatRevokesIsKafkas) {
  ConsumerMemberAssignment current;
  current.member_epoch = 3;
  current.previous_member_epoch = 3;
  current.state = ConsumerMemberState::kUnrevokedPartitions;
  current.assigned = {{kBar, {{0, 3}, {1, 3}}}, {kFoo, {{2, 2}, {3, 2}}}};
  current.pending_revocation = {{kFoo, {{0, 2}, {1, 2}}}};
  ExpectGolden<StoredConsumerMemberAssignment>(
      ConsumerMemberAssignmentRecord(kGroup, kMember1, current),
      "000000000003000000030103"
      "3458ea7eaa8444258ed45f1acf62118b030000000000000001010009030000000300000003"
      "45069936a06f478e9346bb2a7463e12103000000020000000301000903000000020000000202"
      "45069936a06f478e9346bb2a7463e12103000000000000000101000903000000020000000200",
      current);
}

TEST(ConsumerGroupRecordsTest, AMemberThatWaitsIsKafkas) {
  ConsumerMemberAssignment current;
  current.member_epoch = 4;
  current.state = ConsumerMemberState::kUnreleasedPartitions;
  ExpectGolden<StoredConsumerMemberAssignment>(
      ConsumerMemberAssignmentRecord(kGroup, kMember2, current), "0000000000040000000002010100",
      current);
}

TEST(ConsumerGroupRecordsTest, AResolvedRegexIsKafkas) {
  const ResolvedRegex resolved{
      .topics = {"bar"}, .metadata_offset = 420, .resolved_at = 1795395834832};
  ExpectGolden<StoredConsumerRegex>(ConsumerRegexRecord(kGroup, "ba.*", resolved),
                                    "0000020462617200000000000001a4000001a205ee53d000", resolved);
}

TEST(ConsumerGroupRecordsTest, KeysAreReadBack) {
  const auto member = Parsed<StoredConsumerMember>(*ConsumerMemberTombstone(kGroup, kMember1));
  EXPECT_EQ(member.member, kMember1);
  EXPECT_EQ(member.value, std::nullopt);
  EXPECT_EQ(Parsed<StoredConsumerRegex>(*ConsumerRegexTombstone(kGroup, "ba.*")).regex, "ba.*");
  EXPECT_EQ(
      Parsed<StoredConsumerPartitionMetadata>(*ConsumerPartitionMetadataTombstone(kGroup)).group,
      kGroup);
}

// As a broker before 4.3 leaves them; the epochs are a tagged field.
TEST(ConsumerGroupRecordsTest, PartitionsWithoutEpochsCountFromTheMembersEpoch) {
  CoordinatorRecord record = *ConsumerMemberAssignmentTombstone(kGroup, kMember1);
  record.value = Bytes(
      "000000000007000000060002"
      "45069936a06f478e9346bb2a7463e121030000000000000001000100");
  const auto stored = Parsed<StoredConsumerMemberAssignment>(record);
  EXPECT_EQ(stored.value->assigned, (EpochsByTopic{{kFoo, {{0, 7}, {1, 7}}}}));
}

TEST(ConsumerGroupRecordsTest, AsManyEpochsAsPartitionsMustBeThere) {
  CoordinatorRecord record = *ConsumerMemberAssignmentTombstone(kGroup, kMember1);
  record.value = Bytes(
      "000000000007000000060002"
      "45069936a06f478e9346bb2a7463e12103000000000000000101000502000000070100");
  EXPECT_EQ(Parse(record).error().code, Errc::kMalformed);
}

TEST(ConsumerGroupRecordsTest, TargetsAreReadInOrderWhateverTheirOrder) {
  CoordinatorRecord record = *ConsumerMemberTargetTombstone(kGroup, kMember1);
  record.value = Bytes(
      "00000245069936a06f478e9346bb2a7463e1210400000002000000000000000200"
      "00");
  EXPECT_EQ(Parsed<StoredConsumerMemberTarget>(record).value, (PartitionsByTopic{{kFoo, {0, 2}}}));
}

TEST(ConsumerGroupRecordsTest, AStateOfANewerBrokerIsUnknown) {
  CoordinatorRecord record = *ConsumerMemberAssignmentTombstone(kGroup, kMember2);
  record.value = Bytes("0000000000040000000009010100");
  EXPECT_EQ(Parsed<StoredConsumerMemberAssignment>(record).value->state,
            ConsumerMemberState::kUnknown);
}

TEST(ConsumerGroupRecordsTest, BrokenBytesAndNewerVersionsAreErrors) {
  CoordinatorRecord record = *ConsumerEpochTombstone(kGroup);
  record.value = Bytes("0000000000");
  EXPECT_EQ(Parse(record).error().code, Errc::kMalformed);
  record.value = Bytes("00010000000200");
  EXPECT_EQ(Parse(record).error().code, Errc::kUnsupportedVersion);
  record.key = Bytes("0005000561");
  EXPECT_EQ(Parse(record).error().code, Errc::kMalformed);
  record = *ConsumerPartitionMetadataTombstone(kGroup);
  record.value = Bytes("000002");
  EXPECT_EQ(Parse(record).error().code, Errc::kMalformed);
}

TEST(ConsumerGroupRecordsTest, ANameThatDoesNotFitIsRefused) {
  EXPECT_FALSE(ConsumerMemberTombstone(std::string(40'000, 'g'), kMember1).has_value());
}

}  // namespace
}  // namespace gneiss::server
