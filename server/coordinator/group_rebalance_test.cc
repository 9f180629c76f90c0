// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/testing/group_harness.h"

namespace gneiss::server {
namespace {

using GroupRebalanceTest = GroupHarness;

TEST_F(GroupRebalanceTest, TheFirstMembersShareOneGeneration) {
  const WaiterId a = Enter().second;
  Advance(kInitialDelay - Ms(1));
  const WaiterId b = Enter().second;
  Advance(kInitialDelay);
  EXPECT_TRUE(IsParked(a)) << "the newcomer extends the wait";
  Advance(kInitialDelay);
  EXPECT_EQ(Joined(a).generation, 1);
  EXPECT_EQ(Joined(b).generation, 1);
  EXPECT_EQ(Joined(a).members.size(), 2U);
}

TEST_F(GroupRebalanceTest, TheInitialWaitEndsWithTheRebalanceTimeout) {
  const TimePoint start = now().steady;
  const WaiterId first = Enter().second;
  while (IsParked(first)) {
    ASSERT_LE(now().steady - start, kRebalance);
    Advance(Ms(1000));
    if (IsParked(first)) Enter();  // always somebody new
  }
  EXPECT_EQ(now().steady - start, kRebalance);
}

TEST_F(GroupRebalanceTest, WithoutNewcomersTheInitialWaitIsShort) {
  const WaiterId join = Enter().second;
  Advance(kInitialDelay - Ms(1));
  EXPECT_TRUE(IsParked(join));
  Advance(Ms(1));
  EXPECT_FALSE(IsParked(join));
}

TEST_F(GroupRebalanceTest, ARebalanceEndsAsSoonAsAllMembersAreBack) {
  const std::vector<std::string> members = MakeStable(2);
  const auto [newcomer, join] = Enter();
  EXPECT_EQ(phase(), "PreparingRebalance");
  Rejoin(members[0]);
  EXPECT_TRUE(IsParked(join));
  Rejoin(members[1]);
  EXPECT_EQ(Joined(join).generation, 2);
  EXPECT_EQ(Joined(join).leader, members[0]);
  EXPECT_EQ(phase(), "CompletingRebalance");
}

TEST_F(GroupRebalanceTest, MembersThatDoNotComeBackAreRemovedAfterTheRebalanceTimeout) {
  const std::vector<std::string> members = MakeStable(2);
  const auto [newcomer, join] = Enter();
  Rejoin(members[0]);
  AdvanceBeating(kRebalance - Ms(1), {members[1]});
  Advance(Ms(1));
  EXPECT_EQ(Joined(join).generation, 2);
  EXPECT_EQ(group().membership().Find(members[1]), nullptr);
}

TEST_F(GroupRebalanceTest, AnotherMemberLeadsWhenTheLeaderDoesNotComeBack) {
  const std::vector<std::string> members = MakeStable(2);
  const auto [newcomer, join] = Enter();
  const WaiterId rejoin = Rejoin(members[1]);
  Advance(kSession);  // the leader's session ends first
  EXPECT_EQ(Joined(rejoin).leader, members[1]);
  EXPECT_EQ(Joined(rejoin).members.size(), 2U);
  EXPECT_EQ(Joined(join).generation, 2);
}

TEST_F(GroupRebalanceTest, TheJoinPhaseWaitsForPendingIds) {
  const std::vector<std::string> members = MakeStable(1);
  const std::string pending = Joined(Send(JoinOf(""))).member_id;
  const WaiterId leader = Rejoin(members[0]);
  EXPECT_TRUE(IsParked(leader));
  const WaiterId join = Rejoin(pending);
  EXPECT_EQ(Joined(leader).generation, 2);
  EXPECT_EQ(Joined(join).generation, 2);
  EXPECT_EQ(Joined(leader).members.size(), 2U);
}

TEST_F(GroupRebalanceTest, APendingIdHoldsTheJoinPhaseForItsSessionAtMost) {
  const std::vector<std::string> members = MakeStable(1);
  Send(JoinOf(""));
  const WaiterId leader = Rejoin(members[0]);
  Advance(kSession - Ms(1));
  EXPECT_TRUE(IsParked(leader));
  Advance(Ms(1));
  EXPECT_EQ(Joined(leader).members.size(), 1U);
}

TEST_F(GroupRebalanceTest, HeartbeatsTellOfTheRebalance) {
  const std::vector<std::string> members = MakeStable(2);
  EXPECT_EQ(Beat(members[0]), ErrorCode::kNone);
  Enter();
  EXPECT_EQ(Beat(members[0]), ErrorCode::kRebalanceInProgress);
  Rejoin(members[0]);
  Rejoin(members[1]);
  EXPECT_EQ(phase(), "CompletingRebalance");
  EXPECT_EQ(Beat(members[0]), ErrorCode::kNone);
}

TEST_F(GroupRebalanceTest, ASilentMemberIsRemovedAfterItsSession) {
  const std::vector<std::string> members = MakeStable(2);
  AdvanceBeating(kSession, {members[0]});
  EXPECT_EQ(phase(), "PreparingRebalance");
  EXPECT_EQ(Beat(members[1]), ErrorCode::kUnknownMemberId);
  EXPECT_EQ(Joined(Rejoin(members[0])).generation, 2);
}

TEST_F(GroupRebalanceTest, WhoWaitsForTheJoinPhaseDoesNotExpire) {
  const std::vector<std::string> members = MakeStable(2);
  const WaiterId join = Rejoin(members[0]);
  AdvanceBeating(kSession * 2, {members[1]});
  EXPECT_TRUE(IsParked(join));
  EXPECT_EQ(group().membership().size(), 2U);
}

// The client's connection may be gone; nothing shows it while the request is parked.
TEST_F(GroupRebalanceTest, AParkedNewMemberIsGivenUpAfterFiveMinutes) {
  JoinRequest patient = JoinOf("");
  patient.rebalance_timeout = std::chrono::hours(1);
  const std::string a = Enter(patient).first;
  Advance(kInitialDelay);
  Assign();
  const WaiterId join = Enter(patient).second;
  AdvanceBeating(kNewMemberJoinTimeout, {a});
  const JoinResult result = Joined(join);
  EXPECT_EQ(result.error, ErrorCode::kUnknownMemberId);
  EXPECT_EQ(result.member_id, "");
}

TEST_F(GroupRebalanceTest, ALeaderThatDiesWhileAssigningStartsARebalance) {
  const auto [a, join_a] = Enter();
  const auto [b, join_b] = Enter();
  Advance(kInitialDelay * 2);
  const WaiterId sync = Sync(b);
  EXPECT_TRUE(IsParked(sync));
  Advance(kSession);  // nothing of a; b's sync is parked, so it cannot expire
  EXPECT_EQ(Synced(sync).error, ErrorCode::kRebalanceInProgress);
  EXPECT_EQ(Joined(Rejoin(b)).leader, b);
  EXPECT_EQ(generation(), 2);
}

TEST_F(GroupRebalanceTest, AMemberThatNeverSyncsIsRemovedAfterTheRebalanceTimeout) {
  const std::string a = Enter().first;
  const std::string b = Enter().first;
  Advance(kInitialDelay * 2);
  Assign();
  EXPECT_EQ(phase(), "Stable");
  AdvanceBeating(kRebalance, {a, b});  // b beats but does not sync
  EXPECT_EQ(phase(), "PreparingRebalance");
  EXPECT_EQ(group().membership().Find(b), nullptr);
  EXPECT_EQ(Joined(Rejoin(a)).generation, 2);
}

TEST_F(GroupRebalanceTest, ALeaderThatNeverSyncsIsRemovedAfterTheRebalanceTimeout) {
  const std::string a = Enter().first;
  const std::string b = Enter().first;
  Advance(kInitialDelay * 2);
  const WaiterId sync = Sync(b);
  AdvanceBeating(kRebalance, {a});
  EXPECT_EQ(Synced(sync).error, ErrorCode::kRebalanceInProgress);
  EXPECT_EQ(Joined(Rejoin(b)).leader, b);
}

TEST_F(GroupRebalanceTest, WhenAllHaveSyncedNobodyIsRemoved) {
  const std::vector<std::string> members = MakeStable(2);
  AdvanceBeating(kRebalance * 2, members);
  EXPECT_EQ(phase(), "Stable");
}

TEST_F(GroupRebalanceTest, TheLastMemberToLeaveLeavesAnEmptyGeneration) {
  const std::vector<std::string> members = MakeStable(1);
  EXPECT_EQ(Leave(members[0]), ErrorCode::kNone);
  EXPECT_EQ(phase(), "Empty");
  EXPECT_EQ(generation(), 2);
  EXPECT_EQ(stored().back().generation, 2);
  EXPECT_TRUE(stored().back().members.empty());
  EXPECT_EQ(stored().back().protocol, std::nullopt);
}

TEST_F(GroupRebalanceTest, LeavingEndsTheWaitForTheOneWhoLeft) {
  const std::vector<std::string> members = MakeStable(2);
  const WaiterId join = Rejoin(members[0]);
  EXPECT_TRUE(IsParked(join));
  EXPECT_EQ(Leave(members[1]), ErrorCode::kNone);
  EXPECT_EQ(Joined(join).generation, 2);
  EXPECT_EQ(Joined(join).members.size(), 1U);
}

TEST_F(GroupRebalanceTest, AParkedJoinOfAMemberThatLeavesIsAnswered) {
  const std::vector<std::string> members = MakeStable(2);
  const WaiterId join = Rejoin(members[0]);
  Leave(members[0]);
  EXPECT_EQ(Joined(join).error, ErrorCode::kUnknownMemberId);
}

TEST_F(GroupRebalanceTest, AnEmptyGroupWaitsAgainForItsFirstMembers) {
  Leave(MakeStable(1)[0]);
  const WaiterId join = Enter().second;
  EXPECT_TRUE(IsParked(join));
  Advance(kInitialDelay);
  EXPECT_EQ(Joined(join).generation, 3);
}

TEST_F(GroupRebalanceTest, IfAllFirstMembersLeaveTheGroupIsEmptyAgain) {
  const std::string a = Enter().first;
  Leave(a);
  EXPECT_EQ(phase(), "PreparingRebalance");
  Advance(kInitialDelay);
  EXPECT_EQ(phase(), "Empty");
}

TEST_F(GroupRebalanceTest, AMemberMayJoinWhileEverybodyElseHasLeft) {
  const std::string a = Enter().first;
  Leave(a);
  const WaiterId join = Enter().second;
  Advance(kInitialDelay * 2);
  EXPECT_EQ(Joined(join).generation, 1);
}

TEST_F(GroupRebalanceTest, TheRebalanceTimeoutIsThatOfTheSlowestMember) {
  JoinRequest slow = JoinOf("");
  slow.rebalance_timeout = kRebalance * 4;
  const std::string a = Enter(slow).first;
  Advance(kInitialDelay);
  Assign();
  const WaiterId join = Enter().second;
  AdvanceBeating(kRebalance * 3, {a});
  EXPECT_TRUE(IsParked(join));
}

}  // namespace
}  // namespace gneiss::server
