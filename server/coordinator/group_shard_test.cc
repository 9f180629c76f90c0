// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/group_shard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/coordinator/testing/group_shard_harness.h"

namespace gneiss::server {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using testing::FakePartitionLog;
using ::testing::IsEmpty;

class GroupShardTest : public GroupShardHarness {};

// --- members ---

TEST_F(GroupShardTest, OnlyAMemberWithoutAnIdMakesAGroup) {
  EXPECT_EQ((**SendJoin("g", "somebody")).error, ErrorCode::kUnknownMemberId);
  EXPECT_THAT(Groups(), IsEmpty());
  EXPECT_EQ((**SendJoin("g", "")).error, ErrorCode::kMemberIdRequired);
  EXPECT_THAT(Groups(), ElementsAre("g"));
}

TEST_F(GroupShardTest, CallsOfAnUnknownGroupComeFromUnknownMembers) {
  JoinResult nobody;
  nobody.generation = 1;
  nobody.member_id = "nobody";
  EXPECT_EQ((**SendSync("g", nobody)).error, ErrorCode::kUnknownMemberId);
  EXPECT_EQ(Beat("g", nobody), ErrorCode::kUnknownMemberId);
  const LeaveResult left = shard_->Leave("g", {{"nobody", std::nullopt}});
  EXPECT_EQ(left.error, ErrorCode::kNone);
  EXPECT_EQ(left.members.at(0).error, ErrorCode::kUnknownMemberId);
  EXPECT_EQ(shard_->Describe("g").error, ErrorCode::kGroupIdNotFound);
}

TEST_F(GroupShardTest, AJoinIsAnsweredWhenItsTimerHasRun) {
  const std::string id = (**SendJoin("g", "")).member_id;
  const auto join = SendJoin("g", id);
  EXPECT_FALSE(join->has_value());
  EXPECT_EQ(alarm_.time, clock_.Now());
  shard_->Tick();
  ASSERT_TRUE(join->has_value());
  EXPECT_EQ((**join).generation, 1);
}

TEST_F(GroupShardTest, AnAssignmentIsAnsweredWhenItIsDurable) {
  const std::string id = (**SendJoin("g", "")).member_id;
  const auto join = SendJoin("g", id);
  shard_->Tick();
  SetAppends(FakePartitionLog::Appends::kHeld);
  const auto sync = SendSync("g", **join);
  EXPECT_FALSE(sync->has_value());
  log_->FinishAppend();
  ASSERT_TRUE(sync->has_value());
  EXPECT_EQ((**sync).assignment.text(), "all");
  EXPECT_EQ(shard_->Describe("g").state, "Stable");
}

TEST_F(GroupShardTest, AFailedWriteOfAnAssignmentIsToldToTheMembers) {
  const std::string id = (**SendJoin("g", "")).member_id;
  const auto join = SendJoin("g", id);
  shard_->Tick();
  SetAppends(FakePartitionLog::Appends::kRefused);
  const auto sync = SendSync("g", **join);
  ASSERT_TRUE(sync->has_value());
  EXPECT_EQ((**sync).error, ErrorCode::kNotCoordinator);
  EXPECT_EQ(shard_->Describe("g").state, "PreparingRebalance");
}

TEST_F(GroupShardTest, SilentMembersGoWhenTheAlarmRings) {
  const JoinResult member = MakeStable("g");
  clock_.Advance(milliseconds(9'000));
  EXPECT_EQ(Beat("g", member), ErrorCode::kNone);
  clock_.Advance(milliseconds(1'000));
  shard_->Tick();  // rings for the session as it was before the heartbeat
  EXPECT_EQ(shard_->Describe("g").state, "Stable");
  ASSERT_TRUE(alarm_.time.has_value());
  EXPECT_EQ(*alarm_.time - clock_.Now(), milliseconds(9'000));
  clock_.Advance(milliseconds(9'000));
  shard_->Tick();
  EXPECT_EQ(shard_->Describe("g").state, "Empty");
}

TEST_F(GroupShardTest, HeartbeatsDoNotTouchTheAlarm) {
  const JoinResult member = MakeStable("g");
  const int set = alarm_.set;
  for (int i = 0; i < 100; ++i) EXPECT_EQ(Beat("g", member), ErrorCode::kNone);
  EXPECT_EQ(alarm_.set, set);
}

TEST_F(GroupShardTest, ManyGroupsExpireAtOneRing) {
  for (int i = 0; i < 200; ++i) MakeStable("g" + std::to_string(i));
  clock_.Advance(milliseconds(10'000));
  shard_->Tick();
  for (const ListedGroup& group : shard_->List().groups) EXPECT_EQ(group.state, "Empty");
}

TEST_F(GroupShardTest, ClosingAnswersEverybodyWhoIsParked) {
  const std::string id = (**SendJoin("g", "")).member_id;
  const auto join = SendJoin("g", id);
  shard_->Close(ErrorCode::kNotCoordinator);
  ASSERT_TRUE(join->has_value());
  EXPECT_EQ((**join).error, ErrorCode::kNotCoordinator);
  EXPECT_EQ(alarm_.time, std::nullopt);
  EXPECT_EQ((**SendJoin("g", "")).error, ErrorCode::kNotCoordinator);
  EXPECT_EQ(Commit("g", kOrders0, 1), std::vector{ErrorCode::kNotCoordinator});
  EXPECT_EQ(shard_->Fetch("g", {kOrders0}, {}).error, ErrorCode::kNotCoordinator);
  EXPECT_EQ(shard_->List().error, ErrorCode::kNotCoordinator);
}

// --- offsets ---

TEST_F(GroupShardTest, ACommittedOffsetIsFetched) {
  EXPECT_EQ(Commit("g", kOrders0, 42), std::vector{ErrorCode::kNone});
  const FetchedOffsets fetched = shard_->Fetch("g", {kOrders0, kOrders1}, {});
  ASSERT_EQ(fetched.offsets.size(), 2U);
  EXPECT_EQ(fetched.offsets[0].offset->offset, Offset(42));
  EXPECT_EQ(fetched.offsets[0].offset->leader_epoch, LeaderEpoch(2));
  EXPECT_EQ(fetched.offsets[0].offset->metadata, "m");
  EXPECT_EQ(fetched.offsets[1].offset, std::nullopt);
  EXPECT_EQ(shard_->FetchAll("g", {}).offsets.size(), 1U);
  EXPECT_THAT(shard_->FetchAll("unknown", {}).offsets, IsEmpty());
  EXPECT_EQ(shard_->Describe("g").protocol_type, "");
}

TEST_F(GroupShardTest, AnOffsetShowsWhenItIsDurable) {
  Commit("g", kOrders0, 1);
  SetAppends(FakePartitionLog::Appends::kHeld);
  const auto commit = Send("g", CommitOf({{kOrders0, 2}}));
  EXPECT_FALSE(commit->has_value());
  EXPECT_EQ(Fetch("g", kOrders0), 1);
  log_->FinishAppend();
  EXPECT_EQ(**commit, std::vector{ErrorCode::kNone});
  EXPECT_EQ(Fetch("g", kOrders0), 2);
}

TEST_F(GroupShardTest, AFailedCommitLeavesTheOffsetAsItWas) {
  Commit("g", kOrders0, 1);
  SetAppends(FakePartitionLog::Appends::kHeld);
  const auto commit = Send("g", CommitOf({{kOrders0, 2}}));
  log_->FinishAppend(Fail(Errc::kDiskFull, ""));
  EXPECT_EQ(**commit, std::vector{ErrorCode::kCoordinatorNotAvailable});
  EXPECT_EQ(Fetch("g", kOrders0), 1);
}

TEST_F(GroupShardTest, APartitionThatIsNotServedIsNoCoordinator) {
  partition_ = nullptr;
  EXPECT_EQ(Commit("g", kOrders0, 1), std::vector{ErrorCode::kNotCoordinator});
}

TEST_F(GroupShardTest, MetadataThatIsTooLongIsRefusedAlone) {
  CommitRequest request = CommitOf({{kOrders0, 1}, {kOrders1, 2}});
  request.items[0].metadata = std::string(4097, 'x');
  request.items[1].metadata.clear();
  for (int i = 0; i < 4096; ++i) request.items[1].metadata += "\u00e9";  // counted as Java counts
  EXPECT_EQ(**Send("g", request),
            (std::vector{ErrorCode::kOffsetMetadataTooLarge, ErrorCode::kNone}));
  EXPECT_EQ(Fetch("g", kOrders0), -1);
  EXPECT_EQ(Fetch("g", kOrders1), 2);
}

TEST_F(GroupShardTest, ACommitThatDoesNotFitIntoABatchIsRefusedWhole) {
  CommitRequest request;
  for (int i = 0; i < 1000; ++i) {
    request.items.push_back({.tp = {"orders", PartitionId(i)},
                             .topic_id = {},
                             .offset = Offset(1),
                             .metadata = std::string(4000, 'x')});
  }
  const std::vector<ErrorCode> codes = **Send("g", request);
  EXPECT_THAT(codes, ::testing::Each(ErrorCode::kInvalidCommitOffsetSize));
  EXPECT_THAT(shard_->FetchAll("g", {}).offsets, IsEmpty());
}

TEST_F(GroupShardTest, AnUnknownGroupWithAGenerationIsRefused) {
  CommitRequest request = CommitOf({{kOrders0, 1}});
  request.caller = {{"somebody", std::nullopt}, 5};
  EXPECT_EQ(**Send("g", request), std::vector{ErrorCode::kGroupIdNotFound});
  request.unknown_group = ErrorCode::kIllegalGeneration;
  EXPECT_EQ(**Send("g", request), std::vector{ErrorCode::kIllegalGeneration});
  EXPECT_THAT(Groups(), IsEmpty());
}

TEST_F(GroupShardTest, OffsetsAreDeletedUnlessAMemberReadsThem) {
  MakeStable("g");  // its subscription cannot be read: it may read anything
  OffsetDeleteResult result;
  shard_->DeleteOffsets("g", {kOrders0}, [&](OffsetDeleteResult r) { result = r; });
  EXPECT_THAT(result.partitions, ElementsAre(ErrorCode::kGroupSubscribedToTopic));
  Commit("simple", kOrders0, 1);
  shard_->DeleteOffsets("simple", {kOrders0, kLogs0}, [&](OffsetDeleteResult r) { result = r; });
  EXPECT_EQ(result.error, ErrorCode::kNone);
  EXPECT_THAT(result.partitions, ElementsAre(ErrorCode::kNone, ErrorCode::kNone));
  EXPECT_EQ(Fetch("simple", kOrders0), -1);
  shard_->DeleteOffsets("unknown", {}, [&](OffsetDeleteResult r) { result = r; });
  EXPECT_EQ(result.error, ErrorCode::kGroupIdNotFound);
}

// --- deletion of groups ---

TEST_F(GroupShardTest, ADeletedGroupIsGoneFromTheLogToo) {
  Commit("g", kOrders0, 1);
  Commit("g", kLogs0, 2);
  EXPECT_EQ(Delete("g"), ErrorCode::kNone);
  EXPECT_EQ(Delete("g"), ErrorCode::kGroupIdNotFound);
  EXPECT_THAT(Groups(), IsEmpty());
  Restart();
  EXPECT_THAT(Groups(), IsEmpty());
}

TEST_F(GroupShardTest, AGroupWithMembersIsNotDeleted) {
  MakeStable("g");
  EXPECT_EQ(Delete("g"), ErrorCode::kNonEmptyGroup);
}

// The commit is in the log before the tombstone, but in memory only after it.
TEST_F(GroupShardTest, ACommitOnItsWayIsDeletedWithItsGroup) {
  Commit("g", kOrders0, 1);
  SetAppends(FakePartitionLog::Appends::kHeld);
  const auto commit = Send("g", CommitOf({{kLogs0, 2}}));
  ErrorCode deleted = ErrorCode::kUnknownServerError;
  shard_->DeleteGroup("g", [&](ErrorCode error) { deleted = error; });
  while (log_->held_appends() > 0) log_->FinishAppend();
  EXPECT_EQ(**commit, std::vector{ErrorCode::kNone});
  EXPECT_EQ(deleted, ErrorCode::kNone);
  EXPECT_THAT(Groups(), IsEmpty());
  Restart();
  EXPECT_THAT(Groups(), IsEmpty());
}

TEST_F(GroupShardTest, ANewGroupOfTheSameNameOutlivesTheDeletionOfTheOld) {
  Commit("g", kOrders0, 1);
  SetAppends(FakePartitionLog::Appends::kHeld);
  shard_->DeleteGroup("g", [](ErrorCode) {});
  const auto commit = Send("g", CommitOf({{kLogs0, 2}}));
  while (log_->held_appends() > 0) log_->FinishAppend();
  EXPECT_EQ(**commit, std::vector{ErrorCode::kNone});
  EXPECT_EQ(Fetch("g", kOrders0), -1);
  EXPECT_EQ(Fetch("g", kLogs0), 2);
  Restart();
  EXPECT_EQ(Fetch("g", kOrders0), -1);
  EXPECT_EQ(Fetch("g", kLogs0), 2);
}

TEST_F(GroupShardTest, AGroupThatCouldNotBeDeletedComesBack) {
  Commit("g", kOrders0, 1);
  SetAppends(FakePartitionLog::Appends::kRefused);
  EXPECT_EQ(Delete("g"), ErrorCode::kNotCoordinator);
  EXPECT_EQ(Fetch("g", kOrders0), 1);
  SetAppends(FakePartitionLog::Appends::kTaken);
  EXPECT_EQ(Commit("g", kOrders0, 2), std::vector{ErrorCode::kNone});
  EXPECT_EQ(Delete("g"), ErrorCode::kNone);
}

TEST_F(GroupShardTest, ManyTombstonesAreSplitIntoBatches) {
  const std::string topic(249, 't');
  CommitRequest request;
  for (int i = 0; i < 2000; ++i) {
    request.items.push_back(
        {.tp = {topic, PartitionId(i)}, .topic_id = {}, .offset = Offset(1), .metadata = ""});
  }
  EXPECT_THAT(**Send("g", request), ::testing::Each(ErrorCode::kNone));
  SetAppends(FakePartitionLog::Appends::kHeld);
  ErrorCode deleted = ErrorCode::kUnknownServerError;
  shard_->DeleteGroup("g", [&](ErrorCode error) { deleted = error; });
  // 520 kB of keys in batches of 256 KiB, and the group's own.
  EXPECT_EQ(log_->held_appends(), 3U);
  while (log_->held_appends() > 0) log_->FinishAppend();
  EXPECT_EQ(deleted, ErrorCode::kNone);
  Restart();
  EXPECT_THAT(Groups(), IsEmpty());
}

// --- deleted topics ---

TEST_F(GroupShardTest, ADeletedTopicTakesItsOffsetsAlong) {
  Commit("g", kOrders0, 1);
  Commit("g", kLogs0, 2);
  Commit("h", kOrders1, 3);
  shard_->ForgetTopic("orders");
  EXPECT_EQ(Fetch("g", kOrders0), -1);
  EXPECT_EQ(Fetch("g", kLogs0), 2);
  EXPECT_EQ(Fetch("h", kOrders1), -1);
  Restart();
  EXPECT_EQ(Fetch("g", kOrders0), -1);
  EXPECT_EQ(Fetch("h", kOrders1), -1);
}

TEST_F(GroupShardTest, ACommitOnItsWayGoesWithItsTopic) {
  SetAppends(FakePartitionLog::Appends::kHeld);
  Send("g", CommitOf({{kOrders0, 1}}));
  shard_->ForgetTopic("orders");
  while (log_->held_appends() > 0) log_->FinishAppend();
  EXPECT_EQ(Fetch("g", kOrders0), -1);
}

// A crash may come between the deletion of a topic and the tombstones of its offsets.
TEST_F(GroupShardTest, OffsetsOfATopicThatIsGoneAreRemovedAfterARestart) {
  Commit("g", kOrders0, 1);
  Commit("g", kLogs0, 2);
  Restart([](const TopicPartition& tp, const CommittedOffset& offset) {
    EXPECT_EQ(offset.topic_id, Uuid{{7}});
    return tp.topic == "orders";
  });
  EXPECT_EQ(Fetch("g", kOrders0), -1);
  EXPECT_EQ(Fetch("g", kLogs0), 2);
  Restart();  // the tombstone is in the log now
  EXPECT_EQ(Fetch("g", kOrders0), -1);
}

// --- expiry ---

TEST_F(GroupShardTest, OldOffsetsExpireAndEmptyGroupsWithThem) {
  Commit("g", kOrders0, 1);
  clock_.Advance(std::chrono::minutes(30));
  Commit("g", kLogs0, 2);
  clock_.Advance(std::chrono::minutes(30));
  shard_->ExpireOffsets();
  EXPECT_EQ(Fetch("g", kOrders0), -1);
  EXPECT_EQ(Fetch("g", kLogs0), 2);
  clock_.Advance(std::chrono::minutes(30));
  shard_->ExpireOffsets();
  EXPECT_THAT(Groups(), IsEmpty());
  Restart();
  EXPECT_THAT(Groups(), IsEmpty());
}

TEST_F(GroupShardTest, OffsetsOfAGroupWithMembersDoNotExpire) {
  const JoinResult member = MakeStable("g");
  CommitRequest request = CommitOf({{kOrders0, 1}});
  request.caller = {{member.member_id, std::nullopt}, member.generation};
  EXPECT_EQ(**Send("g", request), std::vector{ErrorCode::kNone});
  clock_.Advance(std::chrono::hours(5));
  shard_->ExpireOffsets();
  EXPECT_EQ(Fetch("g", kOrders0), 1);
}

TEST_F(GroupShardTest, OffsetsOfAnEmptyGroupAgeFromTheMomentItBecameEmpty) {
  const JoinResult member = MakeStable("g");
  CommitRequest request = CommitOf({{kOrders0, 1}});
  request.caller = {{member.member_id, std::nullopt}, member.generation};
  EXPECT_EQ(**Send("g", request), std::vector{ErrorCode::kNone});
  clock_.Advance(std::chrono::hours(5));
  shard_->Leave("g", {{member.member_id, std::nullopt}});
  clock_.Advance(std::chrono::minutes(59));
  shard_->ExpireOffsets();
  EXPECT_EQ(Fetch("g", kOrders0), 1);
  clock_.Advance(std::chrono::minutes(1));
  shard_->ExpireOffsets();
  EXPECT_THAT(Groups(), IsEmpty());
}

// Whoever reads of the deletion, or makes the topic anew, must not see the old offsets.
TEST_F(GroupShardTest, OffsetsOfADeletedTopicAreGoneBeforeTheirTombstonesAreWritten) {
  EXPECT_EQ(**Send("g", CommitOf({{kOrders0, 1}})), std::vector{ErrorCode::kNone});
  SetAppends(FakePartitionLog::Appends::kHeld);
  shard_->ForgetTopic("orders");
  EXPECT_EQ(Fetch("g", kOrders0), -1);
  log_->FinishAppend();
  EXPECT_EQ(Fetch("g", kOrders0), -1);
}

TEST_F(GroupShardTest, AClientsRetentionIsKept) {
  CommitRequest request = CommitOf({{kOrders0, 1}});
  request.retention = std::chrono::hours(3);
  EXPECT_EQ(**Send("g", request), std::vector{ErrorCode::kNone});
  clock_.Advance(std::chrono::hours(2));
  shard_->ExpireOffsets();
  EXPECT_EQ(Fetch("g", kOrders0), 1);
  Restart();
  clock_.Advance(std::chrono::hours(1));
  shard_->ExpireOffsets();
  EXPECT_EQ(Fetch("g", kOrders0), -1);
}

// The sum of now and what a client may send does not fit an int64.
TEST_F(GroupShardTest, ARetentionBeyondTimeMeansForEver) {
  CommitRequest request = CommitOf({{kOrders0, 1}});
  request.retention = milliseconds(std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(**Send("g", request), std::vector{ErrorCode::kNone});
  clock_.Advance(std::chrono::hours(24 * 365));
  shard_->ExpireOffsets();
  EXPECT_EQ(Fetch("g", kOrders0), 1);
}

TEST_F(GroupShardTest, AGroupThatNobodyCameBackToExpires) {
  SendJoin("g", "");
  shard_->ExpireOffsets();
  EXPECT_THAT(Groups(), ElementsAre("g")) << "somebody may come back with the id that is out";
  clock_.Advance(milliseconds(10'000));
  shard_->Tick();
  shard_->ExpireOffsets();
  EXPECT_THAT(Groups(), IsEmpty());
}

// --- restarts ---

TEST_F(GroupShardTest, GroupsAndOffsetsSurviveARestart) {
  const JoinResult member = MakeStable("g");
  Commit("simple", kOrders0, 5);
  Restart();
  EXPECT_EQ(Fetch("simple", kOrders0), 5);
  EXPECT_EQ(shard_->Describe("g").state, "Stable");
  EXPECT_EQ(Beat("g", member), ErrorCode::kNone);
  EXPECT_EQ((**SendSync("g", member)).assignment.text(), "all");
  clock_.Advance(milliseconds(10'000));
  shard_->Tick();
  EXPECT_EQ(shard_->Describe("g").state, "Empty") << "its session runs on after the restart";
}

TEST_F(GroupShardTest, WhileItLoadsItSaysSo) {
  NewShard();
  EXPECT_EQ((**SendJoin("g", "")).error, ErrorCode::kCoordinatorLoadInProgress);
  EXPECT_EQ(Commit("g", kOrders0, 1), std::vector{ErrorCode::kCoordinatorLoadInProgress});
  EXPECT_EQ(shard_->Fetch("g", {kOrders0}, {}).error, ErrorCode::kCoordinatorLoadInProgress);
  EXPECT_EQ(shard_->FetchAll("g", {}).error, ErrorCode::kCoordinatorLoadInProgress);
  EXPECT_EQ(shard_->Describe("g").error, ErrorCode::kCoordinatorLoadInProgress);
  EXPECT_EQ(shard_->List().error, ErrorCode::kCoordinatorLoadInProgress);
  EXPECT_EQ(Delete("g"), ErrorCode::kCoordinatorLoadInProgress);
  EXPECT_EQ(shard_->Leave("g", {}).error, ErrorCode::kCoordinatorLoadInProgress);
}

TEST_F(GroupShardTest, AShardThatCannotBeLoadedIsNoCoordinator) {
  NewShard();
  shard_->Load([]() -> Result<ReplayedGroups> { return Fail(Errc::kCorrupt, "as the test wants"); },
               [](const auto&, const auto&) { return false; });
  EXPECT_EQ((**SendJoin("g", "")).error, ErrorCode::kNotCoordinator);
}

TEST_F(GroupShardTest, AShardThatWasClosedWhileItLoadedStaysClosed) {
  NewShard();
  shard_->Load(
      [this]() -> Result<ReplayedGroups> {
        shard_->Close(ErrorCode::kNotCoordinator);
        return ReplayedGroups();
      },
      [](const auto&, const auto&) { return false; });
  EXPECT_EQ((**SendJoin("g", "")).error, ErrorCode::kNotCoordinator);
}

}  // namespace
}  // namespace gneiss::server
