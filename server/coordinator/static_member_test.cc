// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/testing/group_harness.h"

namespace gneiss::server {
namespace {

// Static members (KIP-345): one that is restarted within its session takes its old place.
class StaticMemberTest : public GroupHarness {
 protected:
  // A stable group of static members "i0", "i1", ...; returns their ids.
  std::vector<std::string> MakeStaticGroup(int size) {
    std::vector<WaiterId> joins;
    for (int i = 0; i < size; ++i) joins.push_back(Send(JoinOf("", "i" + std::to_string(i))));
    while (phase() == "PreparingRebalance") Advance(kInitialDelay);
    std::vector<std::string> members;
    for (const WaiterId join : joins) members.push_back(Joined(join).member_id);
    for (const std::string& member : members) {
      if (member != group().membership().leader()) Sync(member);
    }
    Assign();
    EXPECT_EQ(phase(), "Stable");
    return members;
  }
};

TEST_F(StaticMemberTest, ARestartedFollowerComesBackWithoutARebalance) {
  const std::vector<std::string> members = MakeStaticGroup(2);
  const JoinResult result = Joined(Send(JoinOf("", "i1")));
  EXPECT_EQ(result.error, ErrorCode::kNone);
  EXPECT_EQ(result.generation, 1);
  EXPECT_NE(result.member_id, members[1]);
  EXPECT_EQ(result.leader, members[0]);
  EXPECT_FALSE(result.skip_assignment);
  EXPECT_EQ(phase(), "Stable");
  const WaiterId sync = Sync(result.member_id);
  EXPECT_EQ(Synced(sync).assignment.text(), "part of " + members[1]);
}

TEST_F(StaticMemberTest, ARestartedLeaderIsToldNotToAssign) {
  MakeStaticGroup(2);
  const JoinResult result = Joined(Send(JoinOf("", "i0")));
  EXPECT_TRUE(result.skip_assignment);
  EXPECT_EQ(result.leader, result.member_id);
  EXPECT_EQ(result.members.size(), 2U);
  EXPECT_EQ(phase(), "Stable");
}

// A client that does not know SkipAssignment would assign if it saw itself as the leader.
TEST_F(StaticMemberTest, AnOldRestartedLeaderIsToldOfItsFormerIdAsLeader) {
  const std::vector<std::string> members = MakeStaticGroup(2);
  JoinRequest request = JoinOf("", "i0");
  request.dialect.skip_assignment = false;
  const JoinResult result = Joined(Send(request));
  EXPECT_FALSE(result.skip_assignment);
  EXPECT_EQ(result.leader, members[0]);
  EXPECT_NE(result.member_id, members[0]);
  EXPECT_TRUE(result.members.empty());
}

TEST_F(StaticMemberTest, TheFormerIdIsFenced) {
  const std::vector<std::string> members = MakeStaticGroup(1);
  Send(JoinOf("", "i0"));
  EXPECT_EQ(Beat(members[0], "i0"), ErrorCode::kFencedInstanceId);
  EXPECT_EQ(Joined(Send(JoinOf(members[0], "i0"))).error, ErrorCode::kFencedInstanceId);
  SyncRequest sync = SyncOf(members[0]);
  sync.caller.identity.instance_id = "i0";
  EXPECT_EQ(Synced(Send(sync)).error, ErrorCode::kFencedInstanceId);
  EXPECT_EQ(group().CheckCommit(sync.caller, now()), ErrorCode::kFencedInstanceId);
}

TEST_F(StaticMemberTest, AnUnknownInstanceWithAMemberIdIsUnknown) {
  const std::vector<std::string> members = MakeStaticGroup(1);
  EXPECT_EQ(Joined(Send(JoinOf(members[0], "other"))).error, ErrorCode::kUnknownMemberId);
}

TEST_F(StaticMemberTest, ItsNewIdIsDurableBeforeItIsAnswered) {
  MakeStaticGroup(1);
  hold_writes();
  const WaiterId join = Send(JoinOf("", "i0"));
  EXPECT_TRUE(IsParked(join));
  FinishWrite();
  EXPECT_EQ(Joined(join).generation, 1);
  EXPECT_EQ(stored().back().members[0].identity.member_id, Joined(join).member_id);
  EXPECT_EQ(stored().back().leader, Joined(join).member_id);
}

TEST_F(StaticMemberTest, AFailedWriteIsAnsweredWithItsError) {
  MakeStaticGroup(1);
  hold_writes();
  const WaiterId join = Send(JoinOf("", "i0"));
  FinishWrite(ErrorCode::kCoordinatorNotAvailable);
  EXPECT_EQ(Joined(join).error, ErrorCode::kCoordinatorNotAvailable);
  const WaiterId retry = Send(JoinOf("", "i0"));
  FinishWrite();
  EXPECT_EQ(Joined(retry).error, ErrorCode::kNone);
}

TEST_F(StaticMemberTest, ARebalanceThatBeginsMeanwhileAnswersInstead) {
  MakeStaticGroup(1);
  hold_writes();
  const WaiterId join = Send(JoinOf("", "i0"));
  const WaiterId newcomer = Send(JoinOf("", "i1"));
  EXPECT_EQ(Joined(join).generation, 2);
  EXPECT_EQ(Joined(newcomer).generation, 2);
  FinishWrite();  // of the new id: nobody waits for it any more
  EXPECT_EQ(phase(), "CompletingRebalance");
}

TEST_F(StaticMemberTest, ARestartWhileTheLeaderAssignsStartsARebalance) {
  const WaiterId a = Send(JoinOf("", "i0"));
  const WaiterId b = Send(JoinOf("", "i1"));
  Advance(kInitialDelay * 2);
  const WaiterId sync =
      Sync(Joined(a).leader == Joined(a).member_id ? Joined(b).member_id : Joined(a).member_id);
  const WaiterId again = Send(JoinOf("", "i1"));
  EXPECT_TRUE(IsParked(again));
  EXPECT_EQ(phase(), "PreparingRebalance");
  EXPECT_EQ(Synced(sync).error, ErrorCode::kFencedInstanceId);
}

TEST_F(StaticMemberTest, ARestartWhileMembersJoinFencesTheParkedJoin) {
  const WaiterId first = Send(JoinOf("", "i0"));
  const WaiterId second = Send(JoinOf("", "i0"));
  EXPECT_EQ(Joined(first).error, ErrorCode::kFencedInstanceId);
  Advance(kInitialDelay * 2);
  EXPECT_EQ(Joined(second).generation, 1);
  EXPECT_EQ(group().membership().size(), 1U);
}

TEST_F(StaticMemberTest, ARestartThatChangesTheChosenProtocolStartsARebalance) {
  JoinRequest both = JoinOf("", "i0");
  both.protocols = Protocols({"range", "sticky"});
  Send(both);
  Advance(kInitialDelay);
  Assign();
  both = JoinOf("", "i0");
  both.protocols = Protocols({"sticky", "range"});
  EXPECT_EQ(Joined(Send(both)).generation, 2);
}

TEST_F(StaticMemberTest, AbsentStaticMembersStayInTheGenerationUntilTheirSessionsEnd) {
  const std::vector<std::string> members = MakeStaticGroup(2);
  Advance(kSession - Ms(1));
  EXPECT_EQ(Beat(members[0], "i0"), ErrorCode::kNone);
  EXPECT_EQ(Beat(members[1], "i1"), ErrorCode::kNone);
  const WaiterId rejoin = Send(JoinOf(members[0], "i0"));
  AdvanceBeating(kRebalance, {members[1]});
  EXPECT_EQ(Joined(rejoin).generation, 2);
  EXPECT_EQ(Joined(rejoin).members.size(), 2U) << "the absent one is assigned to as well";
}

TEST_F(StaticMemberTest, WithoutAnybodyToLeadTheJoinPhaseGoesOn) {
  const std::vector<std::string> members = MakeStaticGroup(2);
  const std::string dynamic = Enter().first;
  AdvanceBeating(kRebalance - Ms(1000), members);
  Leave(dynamic);
  EXPECT_EQ(phase(), "PreparingRebalance");
  AdvanceBeating(Ms(5000), members);
  EXPECT_EQ(phase(), "PreparingRebalance") << "both beat, but neither has joined";
  const WaiterId join = Send(JoinOf(members[1], "i1"));
  AdvanceBeating(kRebalance, {members[0]});
  EXPECT_EQ(Joined(join).leader, members[1]);
}

TEST_F(StaticMemberTest, AnAdministratorRemovesAMemberByItsInstance) {
  MakeStaticGroup(2);
  const LeaveOutcome outcome =
      group().Leave({{"", "i1"}, {"", "nobody"}, {"", std::nullopt}, {"wrong", "i0"}}, now());
  EXPECT_EQ(outcome.result.members[0].error, ErrorCode::kNone);
  EXPECT_EQ(outcome.result.members[0].identity, (MemberIdentity{"", "i1"}));
  EXPECT_EQ(outcome.result.members[1].error, ErrorCode::kUnknownMemberId);
  EXPECT_EQ(outcome.result.members[2].error, ErrorCode::kUnknownMemberId);
  EXPECT_EQ(outcome.result.members[3].error, ErrorCode::kFencedInstanceId);
  EXPECT_EQ(phase(), "PreparingRebalance");
}

TEST_F(StaticMemberTest, ItsSessionEndsLikeAnyOther) {
  const std::vector<std::string> members = MakeStaticGroup(2);
  AdvanceBeating(kSession, {members[0]});
  EXPECT_EQ(phase(), "PreparingRebalance");
  EXPECT_EQ(group().membership().Find(members[1]), nullptr);
}

}  // namespace
}  // namespace gneiss::server
