// SPDX-License-Identifier: Apache-2.0

// Groups of the new protocol (KIP-848) in their shard: what is stored and answered when.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/wire/writer.h"
#include "server/coordinator/consumer_protocol.h"
#include "server/coordinator/testing/group_shard_harness.h"

namespace gneiss::server {
namespace {

using std::chrono::milliseconds;
using testing::FakePartitionLog;

class GroupShardConsumerTest : public GroupShardHarness {
 protected:
  using Answer = std::shared_ptr<std::optional<ConsumerHeartbeatResult>>;

  Answer SendBeat(const std::string& group, const ConsumerHeartbeatRequest& request) {
    auto result = std::make_shared<std::optional<ConsumerHeartbeatResult>>();
    shard_->ConsumerHeartbeat(group, request,
                              [result](ConsumerHeartbeatResult answer) { *result = answer; });
    return result;
  }
  static ConsumerHeartbeatRequest BeatOf(const std::string& member, std::int32_t epoch) {
    ConsumerHeartbeatRequest request;
    request.identity.member_id = member;
    request.member_epoch = epoch;
    request.client_host = "/127.0.0.1";
    return request;
  }
  static ConsumerHeartbeatRequest JoinOfConsumer(const std::string& member) {
    ConsumerHeartbeatRequest request = BeatOf(member, kJoinEpoch);
    request.rebalance_timeout = milliseconds(60'000);
    request.topic_names = {"orders"};
    request.owned.emplace();
    return request;
  }
  ConsumerHeartbeatResult Enter(const std::string& group, const std::string& member) {
    return **SendBeat(group, JoinOfConsumer(member));
  }
  ConsumerHeartbeatResult BeatMember(const std::string& group, const std::string& member,
                                     std::int32_t epoch) {
    return **SendBeat(group, BeatOf(member, epoch));
  }
  std::string StateOf(const std::string& group) {
    return shard_->DescribeConsumerGroup(group).state;
  }
};

TEST_F(GroupShardConsumerTest, AMemberIsAnsweredWhenItIsOnRecord) {
  SetAppends(FakePartitionLog::Appends::kHeld);
  const Answer joined = SendBeat("g", JoinOfConsumer("m1"));
  EXPECT_FALSE(joined->has_value());
  const Answer beat = SendBeat("g", BeatOf("m1", 2));  // changes nothing, but comes after
  EXPECT_FALSE(beat->has_value());
  log_->FinishAppend();
  EXPECT_EQ((**joined).member_epoch, 2);
  EXPECT_EQ((**beat).member_epoch, 2);
  EXPECT_EQ(BeatMember("g", "m1", 2).error, ErrorCode::kNone);  // nothing to write: at once
}

TEST_F(GroupShardConsumerTest, AGroupComesBackAsItWas) {
  Enter("g", "m1");
  clock_.Advance(milliseconds(1'000));
  Enter("g", "m2");
  Restart();
  EXPECT_EQ(StateOf("g"), "Reconciling");
  const ConsumerHeartbeatResult told = BeatMember("g", "m1", 2);
  EXPECT_EQ(told.assignment, (PartitionsByTopic{{TopicId(1), {0, 1}}}));
  ConsumerHeartbeatRequest given_up = BeatOf("m1", 2);
  given_up.owned = told.assignment;
  EXPECT_EQ((**SendBeat("g", given_up)).member_epoch, 3);
  Restart();
  EXPECT_EQ(BeatMember("g", "m2", 3).assignment, (PartitionsByTopic{{TopicId(1), {2, 3}}}));
  EXPECT_EQ(StateOf("g"), "Stable");
}

TEST_F(GroupShardConsumerTest, WhatCouldNotBeStoredIsRefusedAndStoredLater) {
  Enter("g", "m1");
  clock_.Advance(milliseconds(1'000));
  SetAppends(FakePartitionLog::Appends::kRefused);
  EXPECT_EQ(Enter("g", "m2").error, ErrorCode::kNotCoordinator);
  SetAppends(FakePartitionLog::Appends::kTaken);
  EXPECT_EQ(BeatMember("g", "m1", 2).error, ErrorCode::kNone);
  Restart();
  EXPECT_EQ(shard_->DescribeConsumerGroup("g").members.size(), 2U);
  EXPECT_EQ(BeatMember("g", "m2", 3).error, ErrorCode::kNone);
}

// The write that m1 leaves with fails, the one behind it brings m2 what m1 held: a log with the
// second alone would know two holders.
TEST_F(GroupShardConsumerTest, AWriteTakesAlongWhatIsStillOnItsWay) {
  Enter("g", "m1");
  clock_.Advance(milliseconds(1'000));
  SetAppends(FakePartitionLog::Appends::kHeld);
  const Answer left = SendBeat("g", BeatOf("m1", kLeaveEpoch));
  const Answer joined = SendBeat("g", JoinOfConsumer("m2"));
  log_->FinishAppend(Fail(Errc::kDiskFull, "for a moment"));
  log_->FinishAppend();
  EXPECT_EQ((**left).error, ErrorCode::kCoordinatorNotAvailable);
  ASSERT_TRUE((**joined).assignment.has_value());
  SetAppends(FakePartitionLog::Appends::kTaken);
  Restart();
  const ConsumerGroupDescription group = shard_->DescribeConsumerGroup("g");
  ASSERT_EQ(group.members.size(), 1U);
  EXPECT_EQ(group.members[0].identity.member_id, "m2");
  EXPECT_EQ(group.members[0].assigned, *(**joined).assignment);
  EXPECT_EQ(group.members[0].assigned.begin()->second.size(), 4U);
}

TEST_F(GroupShardConsumerTest, ARefusedFirstHeartbeatMakesNoGroup) {
  consumer_settings_.size_max = 0;
  EXPECT_EQ(Enter("g", "m1").error, ErrorCode::kGroupMaxSizeReached);
  EXPECT_TRUE(Groups().empty());
}

TEST_F(GroupShardConsumerTest, UnknownGroupsAndGroupsOfTheOtherKindAreNotFound) {
  EXPECT_EQ(BeatMember("g", "m1", 1).error, ErrorCode::kGroupIdNotFound);
  EXPECT_EQ(BeatMember("g", "m1", kLeaveEpoch).error, ErrorCode::kGroupIdNotFound);
  EXPECT_EQ(shard_->DescribeConsumerGroup("g").error, ErrorCode::kGroupIdNotFound);
  MakeStable("classic");
  EXPECT_EQ(BeatMember("classic", "m1", 1).error, ErrorCode::kGroupIdNotFound);
  EXPECT_EQ(shard_->DescribeConsumerGroup("classic").error_message,
            "Group classic is not a consumer group.");
  Enter("new", "m1");
  EXPECT_EQ(shard_->Describe("new").error, ErrorCode::kGroupIdNotFound);
  EXPECT_EQ(shard_->Describe("new").error_message, "Group new is not a classic group.");
}

TEST_F(GroupShardConsumerTest, AGroupIsListedWithItsKind) {
  Enter("g", "m1");
  ASSERT_EQ(shard_->List().groups.size(), 1U);
  const ListedGroup listed = shard_->List().groups[0];
  EXPECT_EQ(listed.type, "consumer");
  EXPECT_EQ(listed.protocol_type, "consumer");
  EXPECT_EQ(listed.state, "Stable");
}

TEST_F(GroupShardConsumerTest, ExpressionsAreResolvedBesideAndKept) {
  ConsumerHeartbeatRequest join = JoinOfConsumer("m1");
  join.topic_names.reset();
  join.topic_regex = "ord.*";
  EXPECT_EQ((**SendBeat("g", join)).assignment, PartitionsByTopic{});
  ASSERT_EQ(posted_.size(), 1U);
  posted_[0]();
  EXPECT_EQ(BeatMember("g", "m1", 1).assignment, (PartitionsByTopic{{TopicId(1), {0, 1, 2, 3}}}));
  posted_.clear();
  Restart();
  EXPECT_EQ(StateOf("g"), "Stable");
  EXPECT_EQ(BeatMember("g", "m1", 2).error, ErrorCode::kNone);
  EXPECT_TRUE(posted_.empty());
}

TEST_F(GroupShardConsumerTest, SilentMembersGoWhenTheAlarmRings) {
  Enter("g", "m1");
  EXPECT_EQ(alarm_.time, clock_.Now() + milliseconds(45'000));
  clock_.Advance(milliseconds(45'000));
  shard_->Tick();
  EXPECT_EQ(StateOf("g"), "Empty");
  Restart();
  EXPECT_EQ(StateOf("g"), "Empty");
}

TEST_F(GroupShardConsumerTest, OffsetsAreCommittedByMembersAndStay) {
  Enter("g", "m1");
  CommitRequest request = CommitOf({{kOrders0, 7}});
  request.caller = {{"m1", std::nullopt}, 2};
  EXPECT_EQ(**Send("g", request), std::vector{ErrorCode::kNone});
  EXPECT_EQ(Commit("g", kOrders0, 8), std::vector{ErrorCode::kUnknownMemberId});
  EXPECT_EQ(Fetch("g", kOrders0), 7);
  EXPECT_EQ(shard_->Fetch("g", {kOrders0}, {"m1", 1}).error, ErrorCode::kStaleMemberEpoch);
  EXPECT_EQ(shard_->FetchAll("g", {"m2", 2}).error, ErrorCode::kUnknownMemberId);
  Restart();
  EXPECT_EQ(Fetch("g", kOrders0), 7);
}

TEST_F(GroupShardConsumerTest, OnlyAnEmptyGroupIsDeletedAndNothingOfItStays) {
  Enter("g", "m1");
  EXPECT_EQ(Delete("g"), ErrorCode::kNonEmptyGroup);
  BeatMember("g", "m1", kLeaveEpoch);
  Commit("g", kOrders0, 7);
  EXPECT_EQ(Delete("g"), ErrorCode::kNone);
  EXPECT_TRUE(Groups().empty());
  Restart();
  EXPECT_TRUE(Groups().empty());
  EXPECT_EQ(Enter("g", "m1").member_epoch, 2);
}

// Its tombstones could not be made either, and the broker died of that.
TEST_F(GroupShardConsumerTest, AMemberWhoseNameNoRecordCanHoldDoesNoHarm) {
  const std::string long_name(40'000, 'x');
  Enter("g", long_name);
  BeatMember("g", long_name, -1);
  EXPECT_EQ(StateOf("g"), "Empty");
  Enter(long_name, "m1");
  BeatMember(long_name, "m1", -1);
  shard_->DeleteGroup(long_name, [](ErrorCode) {});
  shard_->DeleteGroup("g", [](ErrorCode) {});
}

TEST_F(GroupShardConsumerTest, AnEmptyGroupTakesTheKindOfWhoeverJoinsIt) {
  Commit("g", kOrders0, 7);  // a group that only keeps offsets
  EXPECT_EQ(Enter("g", "m1").member_epoch, 2);
  EXPECT_EQ(Fetch("g", kOrders0), 7);
  BeatMember("g", "m1", kLeaveEpoch);
  const JoinResult member = MakeStable("g");
  EXPECT_EQ(member.generation, 1);
  Restart();
  EXPECT_EQ(shard_->Describe("g").state, "Stable");
  EXPECT_EQ(Fetch("g", kOrders0), 7);
}

TEST_F(GroupShardConsumerTest, AMemberOfTheOtherKindIsNoMember) {
  Enter("g", "m1");
  JoinResult stranger;
  stranger.member_id = "m1";
  stranger.generation = 2;
  EXPECT_EQ(Beat("g", stranger), ErrorCode::kUnknownMemberId);
  EXPECT_EQ((**SendSync("g", stranger)).error, ErrorCode::kUnknownMemberId);
}

// --- from one protocol to the other ---

class GroupMigrationTest : public GroupShardConsumerTest {
 protected:
  // A classic group of one consumer that reads "orders" whole.
  JoinResult MakeClassic(const std::string& group) {
    JoinRequest request = JoinOf("");
    request.protocols = {{"range", Subscription()}};
    const std::string id = SendJoinOf(group, request)->value().member_id;
    request.identity.member_id = id;
    const auto joined = SendJoinOf(group, request);
    shard_->Tick();
    SyncRequest sync;
    sync.caller = {{id, std::nullopt}, (**joined).generation};
    sync.assignments.push_back(
        {id, EncodeConsumerAssignment({{TopicId(1), {0, 1, 2, 3}}}, 3, *topics_)});
    shard_->Sync(group, sync,
                 [](const SyncResult& result) { EXPECT_EQ(result.error, ErrorCode::kNone); });
    return **joined;
  }
  static SharedBytes Subscription() {
    protocol::ConsumerProtocolSubscription fields;
    fields.topics = {"orders"};
    return SharedBytes::Own(std::string("\0\3", 2) + wire::EncodeToString(fields, 3).value());
  }
  std::shared_ptr<std::optional<JoinResult>> SendJoinOf(const std::string& group,
                                                        const JoinRequest& request) {
    auto result = std::make_shared<std::optional<JoinResult>>();
    shard_->Join(group, request, [result](JoinResult answer) { *result = answer; });
    return result;
  }
};

TEST_F(GroupMigrationTest, AClassicGroupGoesOverWhenAMemberOfTheNewProtocolJoins) {
  const JoinResult classic = MakeClassic("g");
  EXPECT_EQ(Enter("g", "m1").member_epoch, 2);
  Restart();  // all of it is on record
  const ConsumerGroupDescription group = shard_->DescribeConsumerGroup("g");
  EXPECT_EQ(group.state, "Reconciling");
  EXPECT_EQ(group.group_epoch, 2);
  ASSERT_EQ(group.members.size(), 2U);
  EXPECT_EQ(shard_->Describe("g").error, ErrorCode::kGroupIdNotFound);
  EXPECT_EQ(Beat("g", classic), ErrorCode::kRebalanceInProgress);
  JoinRequest rejoin = JoinOf(classic.member_id);
  rejoin.protocols = {{"range", Subscription()}};  // owns nothing any more
  EXPECT_EQ(SendJoinOf("g", rejoin)->value().generation, 2);
  EXPECT_EQ(BeatMember("g", "m1", 2).assignment->at(TopicId(1)).size(), 2U);
}

TEST_F(GroupMigrationTest, AGroupComesBackToTheClassicProtocol) {
  const JoinResult classic = MakeClassic("g");
  Enter("g", "m1");
  BeatMember("g", "m1", kLeaveEpoch);
  EXPECT_EQ(shard_->Describe("g").state, "PreparingRebalance");
  EXPECT_EQ(shard_->DescribeConsumerGroup("g").error, ErrorCode::kGroupIdNotFound);
  Restart();
  const GroupDescription group = shard_->Describe("g");
  ASSERT_EQ(group.members.size(), 1U);
  EXPECT_EQ(group.members[0].identity.member_id, classic.member_id);
  EXPECT_EQ(group.protocol_name, "range");
}

TEST_F(GroupMigrationTest, GroupsOfOtherTypesAndPoliciesStayAsTheyAre) {
  MakeStable("foreign");  // its metadata are not a consumer's
  EXPECT_EQ(Enter("foreign", "m1").error, ErrorCode::kGroupIdNotFound);
  EXPECT_EQ(shard_->Describe("foreign").state, "Stable");
  settings_.migration = GroupMigrationPolicy::kDowngrade;
  NewShard();
  shard_->StartEmpty();
  MakeClassic("g");
  EXPECT_EQ(Enter("g", "m1").error_message,
            "Cannot upgrade classic group g to consumer group because online upgrade is disabled.");
}

TEST_F(GroupShardConsumerTest, OffsetsOfTopicsThatNobodyReadsExpire) {
  Enter("g", "m1");
  CommitRequest request = CommitOf({{kOrders0, 7}, {kLogs0, 3}});
  request.caller = {{"m1", std::nullopt}, 2};
  Send("g", request);
  clock_.Advance(std::chrono::hours(1));  // the retention
  shard_->ExpireOffsets();
  EXPECT_EQ(Fetch("g", kOrders0), 7);
  EXPECT_EQ(Fetch("g", kLogs0), -1);
}

}  // namespace
}  // namespace gneiss::server
