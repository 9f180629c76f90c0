// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/consumer_group_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/coordinator/member_reconciliation.h"
#include "server/coordinator/testing/consumer_group_harness.h"

namespace gneiss::server {
namespace {

using Kind = ConsumerGroupKey::Kind;
using State = ConsumerMemberState;

class ConsumerGroupStateTest : public ConsumerGroupHarness {};

// --- joining ---

TEST_F(ConsumerGroupStateTest, TheFirstMemberGetsEverythingAtEpochTwo) {
  EXPECT_EQ(group_.state_name(), "Empty");
  const ConsumerHeartbeatResult result = Join("m1");
  EXPECT_EQ(result.error, ErrorCode::kNone);
  EXPECT_EQ(result.member_id, "m1");
  EXPECT_EQ(result.member_epoch, 2);
  EXPECT_EQ(result.heartbeat_interval, Ms(5'000));
  EXPECT_EQ(result.assignment, Orders({0, 1, 2, 3}));
  EXPECT_EQ(group_.state_name(), "Stable");
  EXPECT_EQ(changes_, (ConsumerGroupKeys{{Kind::kMember, "m1"},
                                         {Kind::kEpoch},
                                         {Kind::kTarget, "m1"},
                                         {Kind::kTargetEpoch},
                                         {Kind::kAssignment, "m1"}}));
}

TEST_F(ConsumerGroupStateTest, ABeatThatSaysNothingNewChangesNothing) {
  Join("m1");
  const ConsumerHeartbeatResult result = Beat("m1", 2);
  EXPECT_EQ(result.member_epoch, 2);
  EXPECT_EQ(result.assignment, std::nullopt);
  EXPECT_TRUE(changes_.empty());
}

TEST_F(ConsumerGroupStateTest, AFullRequestIsToldTheWholeAssignment) {
  Join("m1");
  ConsumerHeartbeatRequest full = JoinOf("m1");
  full.member_epoch = 2;
  full.owned = Orders({0});
  EXPECT_EQ(Send(full).assignment, Orders({0, 1, 2, 3}));
  EXPECT_EQ(Join("m1").assignment, Orders({0, 1, 2, 3}));  // begins again
  EXPECT_EQ(group_.epoch().epoch, 2);
}

TEST_F(ConsumerGroupStateTest, AMemberMaySubscribeToNothingAndToTopicsThatDoNotExist) {
  const ConsumerHeartbeatResult joined = Send(JoinOf("m1", {}));
  EXPECT_EQ(joined.assignment, PartitionsByTopic{});
  EXPECT_EQ(joined.member_epoch, 1);  // nothing has happened to the group yet
  EXPECT_EQ(group_.state_name(), "Stable");
  Advance(kInterval);
  EXPECT_EQ(Send(JoinOf("m2", {"later"})).assignment, PartitionsByTopic{});
  EXPECT_EQ(group_.epoch().epoch, 2);
  topics_.Set("later", 9, 1);
  Advance(kInterval);
  EXPECT_EQ(Beat("m2", 2).assignment, (PartitionsByTopic{{TopicId(9), {0}}}));
}

TEST_F(ConsumerGroupStateTest, AFullGroupTakesNobodyNew) {
  settings_.size_max = 1;
  Join("m1");
  EXPECT_EQ(Join("m2").error, ErrorCode::kGroupMaxSizeReached);
  EXPECT_EQ(Join("m1").error, ErrorCode::kNone);
  EXPECT_TRUE(Member("m2") == nullptr);
}

// --- reconciliation ---

TEST_F(ConsumerGroupStateTest, PartitionsMoveOnlyAfterTheyWereGivenUp) {
  Join("m1");
  Advance(kInterval);
  const ConsumerHeartbeatResult joined = Join("m2");
  EXPECT_EQ(joined.member_epoch, 3);
  EXPECT_EQ(joined.assignment, PartitionsByTopic{});
  EXPECT_EQ(group_.state_name(), "Reconciling");

  const ConsumerHeartbeatResult told = Beat("m1", 2);
  EXPECT_EQ(told.member_epoch, 2);
  EXPECT_EQ(told.assignment, Orders({0, 1}));
  EXPECT_EQ(BeatOwning("m1", 2, {0, 1, 2}).assignment, std::nullopt);  // not all given up yet
  EXPECT_EQ(Beat("m2", 3).assignment, std::nullopt);

  EXPECT_EQ(BeatOwning("m1", 2, {0, 1}).member_epoch, 3);
  EXPECT_EQ(Beat("m2", 3).assignment, Orders({2, 3}));
  EXPECT_EQ(group_.state_name(), "Stable");
}

TEST_F(ConsumerGroupStateTest, WhatAMemberKeepsKeepsTheEpochItWasAssignedAt) {
  MakePair();
  EXPECT_EQ(Member("m1")->current.assigned, WithEpoch(Orders({0, 1}), 2));
  EXPECT_EQ(Member("m2")->current.assigned, WithEpoch(Orders({2, 3}), 3));
}

TEST_F(ConsumerGroupStateTest, TheAssignorRunsOnceInItsInterval) {
  MakePair();
  Join("m3");  // the interval is over: at once
  EXPECT_EQ(group_.target_epoch().epoch, 4);
  const ConsumerHeartbeatResult early = Join("m4");
  EXPECT_EQ(early.member_epoch, 4);
  EXPECT_EQ(early.assignment, PartitionsByTopic{});
  EXPECT_EQ(group_.epoch().epoch, 5);
  EXPECT_EQ(group_.state_name(), "Assigning");
  Advance(kInterval);
  EXPECT_EQ(Beat("m4", 4).member_epoch, 5);
  EXPECT_EQ(group_.target_epoch().epoch, 5);
}

TEST_F(ConsumerGroupStateTest, AMemberGivesUpATopicItLeavesBeforeThereIsANewTarget) {
  Send(JoinOf("m1", {"logs", "orders"}));
  ConsumerHeartbeatRequest change = BeatOf("m1", 2);
  change.topic_names = {"logs"};
  EXPECT_EQ(Send(change).assignment, (PartitionsByTopic{{TopicId(2), {0, 1}}}));
  EXPECT_EQ(Member("m1")->current.state, State::kUnrevokedPartitions);
  EXPECT_EQ(EpochOf("m1"), 2);
  ConsumerHeartbeatRequest given_up = BeatOf("m1", 2);
  given_up.owned = PartitionsByTopic{{TopicId(2), {0, 1}}};
  Send(given_up);
  EXPECT_EQ(Member("m1")->current.state, State::kStable);  // the old target is not taken up again
  Advance(kInterval);
  EXPECT_EQ(Beat("m1", 2).member_epoch, 3);
}

TEST_F(ConsumerGroupStateTest, NewPartitionsAndDeletedTopicsMoveTheEpoch) {
  Join("m1");
  Advance(kInterval);
  topics_.Set("orders", 1, 5);
  EXPECT_EQ(Beat("m1", 2).assignment, Orders({0, 1, 2, 3, 4}));
  Advance(kInterval);
  topics_.Erase("orders");
  EXPECT_EQ(Beat("m1", 3).assignment, PartitionsByTopic{});
  EXPECT_EQ(BeatOwning("m1", 3, {}).member_epoch, 4);
  EXPECT_EQ(group_.state_name(), "Stable");
}

TEST_F(ConsumerGroupStateTest, ATopicOfAnotherNameMovesNothing) {
  Join("m1");
  topics_.Set("other", 7, 3);
  Advance(kInterval);
  EXPECT_EQ(Beat("m1", 2).member_epoch, 2);
  EXPECT_TRUE(changes_.empty());
}

TEST_F(ConsumerGroupStateTest, MostMembersChooseTheAssignor) {
  EXPECT_EQ(group_.Describe(settings_).assignor, "uniform");
  Join("m1");
  ConsumerHeartbeatRequest change = BeatOf("m1", 2);
  change.server_assignor = "range";
  Send(change);
  EXPECT_EQ(group_.Describe(settings_).assignor, "range");
  EXPECT_EQ(group_.epoch().epoch, 2);  // counts from the next assignment on
}

// --- regular expressions ---

TEST_F(ConsumerGroupStateTest, AnExpressionIsResolvedElsewhere) {
  EXPECT_EQ(Send(RegexJoinOf("m1", "ord.*")).member_epoch, 1);
  EXPECT_EQ(resolve_, std::vector<std::string>{"ord.*"});
  EXPECT_EQ(Beat("m1", 1).assignment, std::nullopt);
  EXPECT_TRUE(resolve_.empty());  // once at a time
}

TEST_F(ConsumerGroupStateTest, WhatAnExpressionStandsForIsRead) {
  Send(RegexJoinOf("m1", "ord.*"));
  Resolve();
  EXPECT_TRUE(Wrote(Kind::kRegex, "ord.*") && Wrote(Kind::kEpoch));
  EXPECT_EQ(group_.state_name(), "Assigning");
  EXPECT_EQ(Beat("m1", 1).assignment, Orders({0, 1, 2, 3}));
  EXPECT_TRUE(group_.IsSubscribedTo("orders"));
  Advance(kInterval);
  EXPECT_EQ(Send(RegexJoinOf("m2", "ord.*")).member_epoch, 3);  // known already
  EXPECT_EQ(Beat("m1", 2).assignment, Orders({0, 1}));
}

TEST_F(ConsumerGroupStateTest, NewTopicsAreFoundNotMoreOftenThanEveryTenSeconds) {
  Send(RegexJoinOf("m1", "log.*"));
  Resolve();
  Beat("m1", 1);
  topics_.Set("logs2", 5, 1);
  Advance(Ms(10'000));
  Beat("m1", 2);
  EXPECT_TRUE(resolve_.empty());
  Advance(Ms(1));
  Beat("m1", 2);
  EXPECT_EQ(resolve_, std::vector<std::string>{"log.*"});
  Resolve();
  EXPECT_EQ(Beat("m1", 2).assignment, (PartitionsByTopic{{TopicId(2), {0, 1}}, {TopicId(5), {0}}}));
}

TEST_F(ConsumerGroupStateTest, AnExpressionThatNobodyUsesIsForgotten) {
  Send(RegexJoinOf("m1", "ord.*"));
  Resolve();
  Beat("m1", 1);
  ConsumerHeartbeatRequest change = BeatOf("m1", 2);
  change.topic_regex = "";
  EXPECT_EQ(Send(change).assignment, PartitionsByTopic{});
  EXPECT_TRUE(Wrote(Kind::kRegex, "ord.*") && Wrote(Kind::kEpoch));
  EXPECT_TRUE(group_.regexes().empty());
}

TEST_F(ConsumerGroupStateTest, WhatIsNoExpressionIsRefused) {
  ConsumerHeartbeatResult result = Send(RegexJoinOf("m1", "(["));
  EXPECT_EQ(result.error, ErrorCode::kInvalidRegularExpression);
  EXPECT_EQ(result.error_message,
            "SubscribedTopicRegex `([` is not a valid regular expression: missing closing ].");
  EXPECT_EQ(Member("m1"), nullptr);
}

// --- epochs ---

TEST_F(ConsumerGroupStateTest, AnyEpochButTheMembersOwnIsFenced) {
  Join("m1");
  EXPECT_EQ(Beat("m1", 1).error, ErrorCode::kFencedMemberEpoch);
  EXPECT_EQ(Beat("m1", 3).error, ErrorCode::kFencedMemberEpoch);
  EXPECT_EQ(Beat("nobody", 2).error, ErrorCode::kUnknownMemberId);
  EXPECT_EQ(Leave("nobody").error, ErrorCode::kUnknownMemberId);
}

TEST_F(ConsumerGroupStateTest, TheEpochBeforeIsGoodForAMemberWhoseAnswerWasLost) {
  MakePair();
  EXPECT_EQ(BeatOwning("m1", 2, {0, 1}).member_epoch, 3);
  EXPECT_EQ(BeatOwning("m1", 2, {0}).member_epoch, 3);
  EXPECT_EQ(BeatOwning("m1", 2, {}).member_epoch, 3);
  EXPECT_EQ(BeatOwning("m1", 2, {0, 2}).error, ErrorCode::kFencedMemberEpoch);
  EXPECT_EQ(Beat("m1", 2).error, ErrorCode::kFencedMemberEpoch);  // does not say what it holds
}

// --- leaving ---

TEST_F(ConsumerGroupStateTest, WhoLeavesIsForgottenAndTheOthersGetItsPartitions) {
  MakePair();
  const ConsumerHeartbeatResult left = Leave("m2");
  EXPECT_EQ(left.member_epoch, kLeaveEpoch);
  EXPECT_EQ(left.member_id, "m2");
  EXPECT_TRUE(Wrote(Kind::kMember, "m2") && Wrote(Kind::kTarget, "m2") &&
              Wrote(Kind::kAssignment, "m2") && Wrote(Kind::kEpoch));
  EXPECT_EQ(Beat("m1", 3).assignment, Orders({0, 1, 2, 3}));
  EXPECT_EQ(EpochOf("m1"), 4);
}

TEST_F(ConsumerGroupStateTest, AnEmptyGroupKeepsItsEpochs) {
  Join("m1");
  Leave("m1");
  EXPECT_EQ(group_.state_name(), "Empty");
  EXPECT_EQ(group_.epoch().epoch, 3);
  EXPECT_EQ(group_.epoch().metadata_hash, 0);
  Advance(kInterval);
  EXPECT_EQ(Join("m2").member_epoch, 4);
}

TEST_F(ConsumerGroupStateTest, ASilentMemberIsRemovedWhenItsSessionEnds) {
  MakePair();
  Advance(kSession - Ms(2'000));
  Beat("m1", 3);
  Advance(Ms(2'000));
  EXPECT_NE(Member("m1"), nullptr);
  EXPECT_EQ(Member("m2"), nullptr);
  EXPECT_EQ(group_.epoch().epoch, 4);
}

TEST_F(ConsumerGroupStateTest, AMemberThatDoesNotGiveUpItsPartitionsIsRemoved) {
  Join("m1");
  Advance(kInterval);
  Join("m2");
  Beat("m1", 2);
  for (Ms passed{0}; passed < kRebalance; passed += Ms(5'000)) {
    EXPECT_EQ(Beat("m1", 2).error, ErrorCode::kNone);
    Beat("m2", 3);
    Advance(Ms(5'000));
  }
  EXPECT_EQ(Member("m1"), nullptr);
  EXPECT_EQ(Beat("m2", 3).assignment, Orders({0, 1, 2, 3}));
}

// --- static members ---

TEST_F(ConsumerGroupStateTest, AStaticMemberThatLeavesForNowKeepsItsPartitions) {
  Send(StaticJoinOf("m1", "i1"));
  ConsumerHeartbeatRequest leave = BeatOf("m1", kStaticLeaveEpoch);
  leave.identity.instance_id = "i1";
  EXPECT_EQ(Send(leave).member_epoch, kStaticLeaveEpoch);
  EXPECT_EQ(group_.state_name(), "Reconciling");
  Advance(kInterval);
  EXPECT_EQ(Join("m2").assignment, PartitionsByTopic{});

  const ConsumerHeartbeatResult back = Send(StaticJoinOf("m3", "i1"));
  EXPECT_EQ(back.error, ErrorCode::kNone);
  EXPECT_EQ(back.member_id, "m3");
  EXPECT_EQ(Member("m1"), nullptr);
  EXPECT_EQ(Member("m3")->about.instance_id, "i1");
}

TEST_F(ConsumerGroupStateTest, AReturnedStaticMemberGoesOnWhereItStopped) {
  Send(StaticJoinOf("m1", "i1"));
  ConsumerHeartbeatRequest leave = BeatOf("m1", kStaticLeaveEpoch);
  leave.identity.instance_id = "i1";
  Send(leave);
  const ConsumerHeartbeatResult back = Send(StaticJoinOf("m2", "i1"));
  EXPECT_EQ(back.member_epoch, 2);
  EXPECT_EQ(back.assignment, Orders({0, 1, 2, 3}));
  EXPECT_EQ(group_.epoch().epoch, 2);
  EXPECT_EQ(group_.state_name(), "Stable");
}

TEST_F(ConsumerGroupStateTest, AStaticMemberThatDoesNotComeBackGoesWithItsSession) {
  Send(StaticJoinOf("m1", "i1"));
  ConsumerHeartbeatRequest leave = BeatOf("m1", kStaticLeaveEpoch);
  leave.identity.instance_id = "i1";
  Send(leave);
  Advance(kSession);
  EXPECT_EQ(group_.state_name(), "Empty");
}

TEST_F(ConsumerGroupStateTest, AnInstanceBelongsToOneMemberAtATime) {
  Send(StaticJoinOf("m1", "i1"));
  EXPECT_EQ(Send(StaticJoinOf("m2", "i1")).error, ErrorCode::kUnreleasedInstanceId);
  EXPECT_EQ(Send(StaticJoinOf("m1", "i1")).error, ErrorCode::kUnreleasedInstanceId);
  ConsumerHeartbeatRequest beat = BeatOf("m2", 2);
  beat.identity.instance_id = "i1";
  EXPECT_EQ(Send(beat).error, ErrorCode::kFencedInstanceId);
  beat.identity.instance_id = "i2";
  EXPECT_EQ(Send(beat).error, ErrorCode::kUnknownMemberId);
}

TEST_F(ConsumerGroupStateTest, AStaticMemberMayLeaveForGood) {
  Send(StaticJoinOf("m1", "i1"));
  ConsumerHeartbeatRequest leave = BeatOf("m1", kLeaveEpoch);
  leave.identity.instance_id = "i1";
  EXPECT_EQ(Send(leave).error, ErrorCode::kNone);
  EXPECT_EQ(group_.state_name(), "Empty");
}

// --- storage ---

TEST_F(ConsumerGroupStateTest, WhatCouldNotBeWrittenGoesOutWithTheNextEvent) {
  Join("m1");
  const ConsumerGroupKeys lost = changes_;
  group_.MarkUnwritten(lost);
  Beat("m1", 2);
  EXPECT_EQ(changes_, lost);
}

TEST_F(ConsumerGroupStateTest, ARestoredGroupGoesOn) {
  Join("m1");
  Advance(kInterval);
  Join("m2");
  Beat("m1", 2);
  ConsumerGroupSnapshot snapshot;
  snapshot.epoch = group_.epoch();
  snapshot.target_epoch = group_.target_epoch();
  for (const auto& [id, member] : group_.members().all()) {
    snapshot.members[id] = member.about;
    snapshot.targets[id] = member.target;
    snapshot.assignments[id] = member.current;
  }
  group_ = ConsumerGroupState::Restore(snapshot, context());
  EXPECT_EQ(group_.state_name(), "Reconciling");
  EXPECT_EQ(Beat("m2", 3).assignment, std::nullopt);  // m1 still holds them
  EXPECT_EQ(BeatOwning("m1", 2, {0, 1}).member_epoch, 3);
  EXPECT_EQ(Beat("m2", 3).assignment, Orders({2, 3}));
  Advance(kSession);
  EXPECT_EQ(group_.state_name(), "Empty");
}

// --- offsets ---

class ConsumerGroupOffsetsTest : public ConsumerGroupHarness {
 protected:
  ErrorCode Commit(const std::string& member, std::int32_t epoch, Ids partitions) {
    CommitRequest request;
    request.caller = {{member, std::nullopt}, epoch};
    for (const std::int32_t partition : partitions) {
      CommitItem& item = request.items.emplace_back();
      item.tp = {"orders", PartitionId(partition)};
      item.topic_id = TopicId(1);
    }
    return group_.CheckCommit(request);
  }
};

TEST_F(ConsumerGroupOffsetsTest, MembersCommitAtTheirEpoch) {
  MakePair();
  EXPECT_EQ(Commit("m1", 3, {0, 2}), ErrorCode::kNone);
  EXPECT_EQ(Commit("m1", 4, {0}), ErrorCode::kStaleMemberEpoch);
  EXPECT_EQ(Commit("nobody", 3, {0}), ErrorCode::kUnknownMemberId);
  EXPECT_EQ(Commit("", -1, {0}), ErrorCode::kUnknownMemberId);
}

TEST_F(ConsumerGroupOffsetsTest, AnOlderEpochIsGoodForWhatTheMemberHeldThen) {
  MakePair();
  EXPECT_EQ(Commit("m1", 2, {0, 1}), ErrorCode::kNone);
  EXPECT_EQ(Commit("m1", 2, {0, 2}), ErrorCode::kStaleMemberEpoch);
  EXPECT_EQ(Commit("m1", 1, {0}), ErrorCode::kStaleMemberEpoch);
  EXPECT_EQ(Commit("m2", 2, {2}), ErrorCode::kStaleMemberEpoch);
}

TEST_F(ConsumerGroupOffsetsTest, AnAdministratorCommitsToAnEmptyGroup) {
  Join("m1");
  Leave("m1");
  EXPECT_EQ(Commit("", -1, {0}), ErrorCode::kNone);
}

TEST_F(ConsumerGroupOffsetsTest, VersionsWithoutMemberEpochsMayNotCommit) {
  Join("m1");
  CommitRequest request;
  request.caller = {{"m1", std::nullopt}, 2};
  request.member_epochs = ErrorCode::kUnsupportedVersion;
  EXPECT_EQ(group_.CheckCommit(request), ErrorCode::kUnsupportedVersion);
}

TEST_F(ConsumerGroupOffsetsTest, WhoCallsItselfAMemberIsCheckedWhenItFetches) {
  Join("m1");
  EXPECT_EQ(group_.CheckFetch({}), ErrorCode::kNone);
  EXPECT_EQ(group_.CheckFetch({"m1", 2}), ErrorCode::kNone);
  EXPECT_EQ(group_.CheckFetch({"m1", 1}), ErrorCode::kStaleMemberEpoch);
  EXPECT_EQ(group_.CheckFetch({"m1", -1}), ErrorCode::kStaleMemberEpoch);
  EXPECT_EQ(group_.CheckFetch({"nobody", 2}), ErrorCode::kUnknownMemberId);
  EXPECT_EQ(group_.CheckFetch({"", -1}), ErrorCode::kUnknownMemberId);
}

TEST_F(ConsumerGroupOffsetsTest, OffsetsOfTopicsThatAreReadAreKept) {
  Join("m1");
  EXPECT_TRUE(group_.IsSubscribedTo("orders"));
  EXPECT_FALSE(group_.IsSubscribedTo("logs"));
  EXPECT_EQ(group_.ExpiryRule().base, OffsetExpiryRule::Base::kCommitTime);
  EXPECT_TRUE(group_.ExpiryRule().kept_topics.contains("orders"));
  EXPECT_EQ(group_.CheckDelete(), ErrorCode::kNonEmptyGroup);
  Leave("m1");
  EXPECT_TRUE(group_.ExpiryRule().kept_topics.empty());
  EXPECT_EQ(group_.CheckDelete(), ErrorCode::kNone);
}

}  // namespace
}  // namespace gneiss::server
