// SPDX-License-Identifier: Apache-2.0

// Members of the classic protocol in groups of the new one.
#include <gtest/gtest.h>

#include "server/coordinator/testing/consumer_group_harness.h"

namespace gneiss::server {
namespace {

using Kind = ConsumerGroupKey::Kind;

class ConsumerGroupClassicTest : public ConsumerGroupHarness {
 protected:
  ConsumerGroupClassicTest() {
    Join("m1");
    Advance(kInterval);
  }
  // "m1" of the new protocol with 0 and 1, "c1" of the classic one with 2 and 3; both at epoch 3.
  void MakeMixed() {
    EXPECT_EQ(SendClassic(ClassicJoinOf("c1")).generation, 3);
    Beat("m1", 2);
    BeatOwning("m1", 2, {0, 1});
    EXPECT_EQ(SendClassic(ClassicJoinOf("c1")).generation, 3);
    EXPECT_EQ(Synced("c1", 3), Orders({2, 3}));
    Advance(kInterval);
  }
};

TEST_F(ConsumerGroupClassicTest, AJoinIsAnsweredAtOnceAndNobodyLeads) {
  JoinRequest first = ClassicJoinOf("");
  const JoinResult asked = SendClassic(first);
  EXPECT_EQ(asked.error, ErrorCode::kMemberIdRequired);
  EXPECT_EQ(Member(asked.member_id), nullptr);
  first.identity.member_id = asked.member_id;
  const JoinResult joined = SendClassic(first);
  EXPECT_EQ(joined.error, ErrorCode::kNone);
  EXPECT_EQ(joined.generation, 3);
  EXPECT_EQ(joined.protocol_name, "range");
  EXPECT_EQ(joined.leader, "");
  EXPECT_TRUE(joined.members.empty());
  EXPECT_TRUE(Wrote(Kind::kMember, asked.member_id));
  EXPECT_EQ(Synced(asked.member_id, 3), PartitionsByTopic{});  // m1 still holds them
}

TEST_F(ConsumerGroupClassicTest, AMemberIsToldToJoinAgainWhenAllItWaitsForIsFree) {
  SendClassic(ClassicJoinOf("c1"));
  EXPECT_EQ(BeatClassic("c1", 3), ErrorCode::kNone);
  Beat("m1", 2);
  EXPECT_EQ(BeatClassic("c1", 3), ErrorCode::kNone);
  BeatOwning("m1", 2, {0, 1});
  EXPECT_EQ(BeatClassic("c1", 3), ErrorCode::kRebalanceInProgress);
  SendClassic(ClassicJoinOf("c1"));
  EXPECT_EQ(Synced("c1", 3), Orders({2, 3}));
  EXPECT_EQ(BeatClassic("c1", 3), ErrorCode::kNone);
  EXPECT_EQ(group_.state_name(), "Stable");
}

TEST_F(ConsumerGroupClassicTest, AMemberGivesUpWhatItIsNotToKeepByJoiningAgain) {
  MakeMixed();
  Join("m2");
  Advance(kInterval);
  Join("m3");
  EXPECT_EQ(BeatClassic("c1", 3), ErrorCode::kRebalanceInProgress);
  // A cooperative member says what it has, keeps its part, and comes again without the rest.
  EXPECT_EQ(SendClassic(ClassicJoinOf("c1", {2, 3})).generation, 3);
  const PartitionsByTopic kept = Synced("c1", 3);
  ASSERT_EQ(kept.at(TopicId(1)).size(), 1U);
  EXPECT_EQ(BeatClassic("c1", 3), ErrorCode::kRebalanceInProgress);
  EXPECT_EQ(SendClassic(ClassicJoinOf("c1", kept.at(TopicId(1)))).generation, 5);
  EXPECT_EQ(Synced("c1", 5), kept);
}

TEST_F(ConsumerGroupClassicTest, CallersAreCheckedAsInClassicGroups) {
  MakeMixed();
  EXPECT_EQ(BeatClassic("nobody", 3), ErrorCode::kUnknownMemberId);
  EXPECT_EQ(BeatClassic("m1", 3), ErrorCode::kUnknownMemberId);  // speaks the other protocol
  EXPECT_EQ(BeatClassic("c1", 2), ErrorCode::kIllegalGeneration);
  EXPECT_EQ(SyncClassic("c1", 4).error, ErrorCode::kIllegalGeneration);
  SyncRequest sync;
  sync.caller = {{"c1", std::nullopt}, 3};
  sync.protocol_name = "other";
  EXPECT_EQ(group_.SyncClassic(sync, context()).result.error,
            ErrorCode::kInconsistentGroupProtocol);
  CommitRequest commit;
  commit.caller = {{"c1", std::nullopt}, 2};
  commit.member_epochs = ErrorCode::kUnsupportedVersion;  // does not matter to this one
  EXPECT_EQ(group_.CheckCommit(commit), ErrorCode::kIllegalGeneration);
  commit.caller.generation = 3;
  EXPECT_EQ(group_.CheckCommit(commit), ErrorCode::kNone);
}

TEST_F(ConsumerGroupClassicTest, OnlyConsumersWithACommonProtocolMayJoin) {
  MakeMixed();
  JoinRequest other = ClassicJoinOf("c2");
  other.protocols[0].name = "roundrobin";
  EXPECT_EQ(SendClassic(other).error, ErrorCode::kInconsistentGroupProtocol);
  other = ClassicJoinOf("c2");
  other.protocol_type = "connect";
  EXPECT_EQ(SendClassic(other).error, ErrorCode::kInconsistentGroupProtocol);
  other = ClassicJoinOf("c2");
  other.protocols[0].metadata = SharedBytes::CopyOf("x");
  EXPECT_EQ(SendClassic(other).error, ErrorCode::kInconsistentGroupProtocol);
  EXPECT_EQ(Member("c2"), nullptr);
}

TEST_F(ConsumerGroupClassicTest, SilentMembersAreRemoved) {
  MakeMixed();
  Advance(Ms(10'000));  // its own session, not the group's
  EXPECT_EQ(Member("c1"), nullptr);
  EXPECT_NE(Member("m1"), nullptr);
}

TEST_F(ConsumerGroupClassicTest, WhoDoesNotSyncOrComeBackIsRemoved) {
  SendClassic(ClassicJoinOf("c1"));
  for (Ms passed{0}; passed < kRebalance; passed += Ms(5'000)) {
    EXPECT_EQ(BeatClassic("c1", 3), ErrorCode::kNone);
    Beat("m1", 2);
    Advance(Ms(5'000));
  }
  EXPECT_EQ(Member("c1"), nullptr);
}

TEST_F(ConsumerGroupClassicTest, EitherProtocolMayLeaveByLeaveGroup) {
  MakeMixed();
  const ClassicLeaveOutcome outcome = group_.LeaveClassic(
      {{"c1", std::nullopt}, {"m1", std::nullopt}, {"nobody", std::nullopt}}, context());
  EXPECT_EQ(outcome.result.members[0].error, ErrorCode::kNone);
  EXPECT_EQ(outcome.result.members[1].error, ErrorCode::kNone);
  EXPECT_EQ(outcome.result.members[2].error, ErrorCode::kUnknownMemberId);
  EXPECT_EQ(group_.state_name(), "Empty");
}

TEST_F(ConsumerGroupClassicTest, AMemberGoesOverToTheNewProtocol) {
  MakeMixed();
  EXPECT_EQ(Beat("c1", 3).error, ErrorCode::kNone);
  EXPECT_FALSE(Member("c1")->speaks_classic());
  EXPECT_EQ(BeatClassic("c1", 3), ErrorCode::kUnknownMemberId);
  Advance(Ms(10'000));  // has the group's session now
  EXPECT_NE(Member("c1"), nullptr);
}

TEST_F(ConsumerGroupClassicTest, AStaticMemberTakesTheInstanceOverWithItsPartitions) {
  Leave("m1");
  Advance(kInterval);
  Send(StaticJoinOf("m1", "i1"));
  JoinRequest join = ClassicJoinOf("");
  join.identity.instance_id = "i1";
  const JoinResult joined = SendClassic(join);
  EXPECT_EQ(joined.error, ErrorCode::kNone);
  EXPECT_EQ(Member("m1"), nullptr);
  EXPECT_EQ(Synced(joined.member_id, joined.generation), Orders({0, 1, 2, 3}));
  EXPECT_TRUE(group_.IsAllClassic());
  const GroupSnapshot classic = group_.ToClassic(context());
  EXPECT_EQ(classic.generation, joined.generation);
  EXPECT_EQ(classic.protocol, "range");
  EXPECT_EQ(classic.leader, joined.member_id);
  join.identity.member_id = "wrong";
  EXPECT_EQ(SendClassic(join).error, ErrorCode::kFencedInstanceId);
}

}  // namespace
}  // namespace gneiss::server
