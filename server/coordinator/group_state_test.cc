// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/testing/group_harness.h"

namespace gneiss::server {
namespace {

class GroupStateTest : public GroupHarness {
 protected:
  // A consumer's metadata: version 0, the topics, no user data.
  static std::string Subscription(const std::vector<std::string>& topics) {
    std::string bytes(2, '\0');
    bytes += std::string(3, '\0') + static_cast<char>(topics.size());
    for (const std::string& topic : topics) {
      bytes += '\0';
      bytes += static_cast<char>(topic.size());
      bytes += topic;
    }
    return bytes + std::string(4, '\xff');
  }
  std::string MakeConsumers(const std::string& metadata) {
    JoinRequest request = JoinOf("");
    request.protocol_type = "consumer";
    request.protocols = Protocols({"range"}, metadata);
    const std::string member = Enter(request).first;
    Advance(kInitialDelay);
    Assign();
    return member;
  }
  ErrorCode Commit(int generation, const std::string& member_id,
                   std::optional<std::string> instance_id = std::nullopt) {
    return group().CheckCommit({{member_id, std::move(instance_id)}, generation}, now());
  }
};

// --- SyncGroup ---

TEST_F(GroupStateTest, EverybodyGetsItsPartWhenTheLeaderHasAssigned) {
  const std::string a = Enter().first;
  const std::string b = Enter().first;
  Advance(kInitialDelay * 2);
  const WaiterId follower = Sync(b);
  EXPECT_TRUE(IsParked(follower));
  const WaiterId leader = Assign();
  EXPECT_EQ(Synced(leader).assignment.text(), "part of " + a);
  EXPECT_EQ(Synced(follower).assignment.text(), "part of " + b);
  EXPECT_EQ(Synced(follower).protocol_type, "test");
  EXPECT_EQ(Synced(follower).protocol_name, "range");
  EXPECT_EQ(phase(), "Stable");
}

TEST_F(GroupStateTest, NobodyLearnsOfAnAssignmentThatIsNotDurable) {
  const std::string a = Enter().first;
  Advance(kInitialDelay);
  hold_writes();
  const WaiterId sync = Assign();
  EXPECT_TRUE(IsParked(sync));
  EXPECT_EQ(phase(), "CompletingRebalance");
  FinishWrite();
  EXPECT_EQ(Synced(sync).error, ErrorCode::kNone);
  ASSERT_EQ(stored().back().members.size(), 1U);
  EXPECT_EQ(stored().back().members[0].assignment.text(), "part of " + a);
  EXPECT_EQ(stored().back().members[0].subscription.text(), "m");
}

TEST_F(GroupStateTest, AFailedWriteOfTheAssignmentStartsARebalance) {
  const std::string a = Enter().first;
  const std::string b = Enter().first;
  Advance(kInitialDelay * 2);
  hold_writes();
  const WaiterId follower = Sync(b);
  const WaiterId leader = Assign();
  FinishWrite(ErrorCode::kCoordinatorNotAvailable);
  EXPECT_EQ(Synced(leader).error, ErrorCode::kCoordinatorNotAvailable);
  EXPECT_EQ(Synced(follower).error, ErrorCode::kCoordinatorNotAvailable);
  EXPECT_EQ(phase(), "PreparingRebalance");
  Rejoin(a);
  EXPECT_EQ(Joined(Rejoin(b)).generation, 2);
}

TEST_F(GroupStateTest, AnAssignmentThatARebalanceOvertookHasNoEffect) {
  const std::string a = Enter().first;
  Advance(kInitialDelay);
  hold_writes();
  const WaiterId sync = Assign();
  Enter();
  EXPECT_EQ(Synced(sync).error, ErrorCode::kRebalanceInProgress);
  FinishWrite();
  EXPECT_EQ(phase(), "PreparingRebalance");
  EXPECT_EQ(Joined(Rejoin(a)).generation, 2);
}

TEST_F(GroupStateTest, TheLeaderMayRepeatItsSync) {
  Enter();
  Advance(kInitialDelay);
  hold_writes();
  const WaiterId first = Assign();
  const WaiterId second = Assign();
  EXPECT_EQ(held_writes(), 1U);
  EXPECT_EQ(Synced(first).error, ErrorCode::kRebalanceInProgress);
  FinishWrite();
  EXPECT_EQ(Synced(second).error, ErrorCode::kNone);
}

TEST_F(GroupStateTest, AMemberThatTheLeaderLeftOutGetsAnEmptyAssignment) {
  const std::string a = Enter().first;
  const std::string b = Enter().first;
  Advance(kInitialDelay * 2);
  const WaiterId follower = Sync(b);
  Sync(a);  // assigns nothing to anybody
  EXPECT_EQ(Synced(follower).error, ErrorCode::kNone);
  EXPECT_TRUE(Synced(follower).assignment.empty());
  EXPECT_EQ(phase(), "Stable");
}

TEST_F(GroupStateTest, AStableGroupAnswersASyncAtOnce) {
  const std::vector<std::string> members = MakeStable(2);
  EXPECT_EQ(Synced(Sync(members[1])).assignment.text(), "part of " + members[1]);
}

TEST_F(GroupStateTest, SyncIsRefusedByMemberGenerationProtocolAndPhaseInThatOrder) {
  const std::vector<std::string> members = MakeStable(2);
  SyncRequest request = SyncOf("nobody");
  request.caller.generation = 7;
  request.protocol_name = "other";
  EXPECT_EQ(Synced(Send(request)).error, ErrorCode::kUnknownMemberId);
  request.caller.identity.member_id = members[0];
  EXPECT_EQ(Synced(Send(request)).error, ErrorCode::kIllegalGeneration);
  request.caller.generation = 1;
  EXPECT_EQ(Synced(Send(request)).error, ErrorCode::kInconsistentGroupProtocol);
  request.protocol_name = "range";
  request.protocol_type = "other";
  EXPECT_EQ(Synced(Send(request)).error, ErrorCode::kInconsistentGroupProtocol);
  request.protocol_type = "test";
  EXPECT_EQ(Synced(Send(request)).error, ErrorCode::kNone);
  Enter();
  EXPECT_EQ(Synced(Send(request)).error, ErrorCode::kRebalanceInProgress);
}

// --- Heartbeat, LeaveGroup ---

TEST_F(GroupStateTest, HeartbeatChecksMemberAndGeneration) {
  const std::vector<std::string> members = MakeStable(1);
  EXPECT_EQ(Beat("nobody"), ErrorCode::kUnknownMemberId);
  EXPECT_EQ(Beat(members[0], "no instance"), ErrorCode::kUnknownMemberId);
  EXPECT_EQ(group().Heartbeat({{members[0], std::nullopt}, 2}, now()),
            ErrorCode::kIllegalGeneration);
  EXPECT_EQ(Beat(members[0]), ErrorCode::kNone);
}

TEST_F(GroupStateTest, HeartbeatsKeepTheSession) {
  const std::vector<std::string> members = MakeStable(1);
  AdvanceBeating(kSession * 5, members);
  EXPECT_EQ(phase(), "Stable");
  Advance(kSession);
  EXPECT_EQ(phase(), "Empty");
  EXPECT_EQ(Beat(members[0]), ErrorCode::kUnknownMemberId);
}

TEST_F(GroupStateTest, LeavingTwiceIsAnErrorOfTheSecondTime) {
  const std::vector<std::string> members = MakeStable(1);
  const LeaveOutcome outcome =
      group().Leave({{members[0], std::nullopt}, {members[0], std::nullopt}}, now());
  EXPECT_EQ(outcome.result.error, ErrorCode::kNone);
  EXPECT_EQ(outcome.result.members[0].error, ErrorCode::kNone);
  EXPECT_EQ(outcome.result.members[1].error, ErrorCode::kUnknownMemberId);
}

TEST_F(GroupStateTest, APendingIdMayLeave) {
  const std::string pending = Joined(Send(JoinOf(""))).member_id;
  EXPECT_EQ(Leave(pending), ErrorCode::kNone);
  EXPECT_EQ(phase(), "Empty");
  EXPECT_EQ(generation(), 0);
  EXPECT_EQ(Joined(Rejoin(pending)).error, ErrorCode::kUnknownMemberId);
}

// --- commits ---

TEST_F(GroupStateTest, AnyoneMayCommitToAnEmptyGroupWithoutAGeneration) {
  EXPECT_EQ(Commit(-1, ""), ErrorCode::kNone);
  EXPECT_EQ(Commit(-1, "somebody"), ErrorCode::kNone);
  EXPECT_EQ(Commit(3, ""), ErrorCode::kUnknownMemberId);
  EXPECT_EQ(Commit(3, "somebody"), ErrorCode::kUnknownMemberId);
}

TEST_F(GroupStateTest, CommitsOfAStableGroupComeFromItsMembers) {
  const std::string member = MakeStable(1)[0];
  EXPECT_EQ(Commit(1, member), ErrorCode::kNone);
  EXPECT_EQ(Commit(-1, ""), ErrorCode::kUnknownMemberId);
  EXPECT_EQ(Commit(1, ""), ErrorCode::kUnknownMemberId);
  EXPECT_EQ(Commit(1, "nobody"), ErrorCode::kUnknownMemberId);
  EXPECT_EQ(Commit(1, member, "instance"), ErrorCode::kUnknownMemberId);
  EXPECT_EQ(Commit(0, member), ErrorCode::kIllegalGeneration);
  EXPECT_EQ(Commit(2, member), ErrorCode::kIllegalGeneration);
  EXPECT_EQ(Commit(-1, member), ErrorCode::kIllegalGeneration);
}

TEST_F(GroupStateTest, CommitsPassWhileMembersJoinButNotWhileTheLeaderAssigns) {
  const std::vector<std::string> members = MakeStable(1);
  const std::string newcomer = Enter().first;
  EXPECT_EQ(phase(), "PreparingRebalance");
  EXPECT_EQ(Commit(1, members[0]), ErrorCode::kNone);
  Rejoin(members[0]);
  EXPECT_EQ(phase(), "CompletingRebalance");
  EXPECT_EQ(Commit(2, members[0]), ErrorCode::kRebalanceInProgress);
  EXPECT_EQ(Commit(-1, ""), ErrorCode::kUnknownMemberId);
}

TEST_F(GroupStateTest, CommitsKeepTheSession) {
  const std::string member = MakeStable(1)[0];
  for (int i = 0; i < 5; ++i) {
    Advance(kSession - Ms(1));
    EXPECT_EQ(Commit(1, member), ErrorCode::kNone);
  }
}

// --- deletion, subscriptions, expiry ---

TEST_F(GroupStateTest, OnlyAGroupWithoutMembersMayBeDeleted) {
  EXPECT_EQ(group().CheckDelete(), ErrorCode::kNone);
  const std::string member = Enter().first;
  EXPECT_EQ(group().CheckDelete(), ErrorCode::kNonEmptyGroup);
  Advance(kInitialDelay);
  EXPECT_EQ(group().CheckDelete(), ErrorCode::kNonEmptyGroup);
  Leave(member);
  EXPECT_EQ(group().CheckDelete(), ErrorCode::kNone);
}

TEST_F(GroupStateTest, OffsetsOfAnActiveGroupGoOnlyIfItSaysWhatItReads) {
  EXPECT_EQ(group().CheckOffsetDelete(), ErrorCode::kNone);
  MakeStable(1);
  EXPECT_EQ(group().CheckOffsetDelete(), ErrorCode::kNonEmptyGroup);
  Create({.initial_rebalance_delay = kInitialDelay});
  MakeConsumers(Subscription({"orders", "logs"}));
  EXPECT_EQ(group().CheckOffsetDelete(), ErrorCode::kNone);
  EXPECT_TRUE(group().IsSubscribedTo("orders"));
  EXPECT_TRUE(group().IsSubscribedTo("logs"));
  EXPECT_FALSE(group().IsSubscribedTo("other"));
}

TEST_F(GroupStateTest, ASubscriptionThatWeCannotReadMayMeanAnything) {
  MakeConsumers("junk");
  EXPECT_TRUE(group().IsSubscribedTo("orders"));
  EXPECT_EQ(group().ExpiryRule().base, OffsetExpiryRule::Base::kNever);
}

TEST_F(GroupStateTest, ANewerSubscriptionVersionIsReadAsFarAsItIsKnown) {
  std::string metadata = Subscription({"orders"});
  metadata[1] = 9;
  metadata += std::string(4, '\0') + std::string(4, '\xff') + std::string(2, '\xff') + "more";
  MakeConsumers(metadata);
  EXPECT_TRUE(group().IsSubscribedTo("orders"));
  EXPECT_FALSE(group().IsSubscribedTo("other"));
}

TEST_F(GroupStateTest, AnEmptyGroupIsSubscribedToNothing) {
  Leave(MakeConsumers(Subscription({"orders"})));
  EXPECT_FALSE(group().IsSubscribedTo("orders"));
}

TEST_F(GroupStateTest, OffsetsAgeByThePhaseOfTheGroup) {
  using Base = OffsetExpiryRule::Base;
  EXPECT_EQ(group().ExpiryRule().base, Base::kCommitTime) << "nobody has ever joined";
  const std::string member = MakeConsumers(Subscription({"orders"}));
  EXPECT_EQ(group().ExpiryRule().base, Base::kCommitTime);
  EXPECT_TRUE(group().ExpiryRule().kept_topics.contains("orders"));
  JoinRequest rejoin = JoinOf(member);
  rejoin.protocol_type = "consumer";
  rejoin.protocols = Protocols({"range"}, Subscription({"orders"}));
  Send(rejoin);
  EXPECT_EQ(phase(), "CompletingRebalance");
  EXPECT_EQ(group().ExpiryRule().base, Base::kNever);
  Advance(Ms(500));
  Leave(member);
  const TimestampMs empty_since = now().wall_ms;
  Advance(Ms(500));
  EXPECT_EQ(group().ExpiryRule().base, Base::kEmptySince);
  EXPECT_EQ(group().ExpiryRule().empty_since, empty_since);
}

TEST_F(GroupStateTest, OtherProtocolTypesKeepTheirOffsetsWhileTheyHaveMembers) {
  MakeStable(1);
  EXPECT_EQ(group().ExpiryRule().base, OffsetExpiryRule::Base::kNever);
}

// --- views and restarts ---

TEST_F(GroupStateTest, DescriptionsShowMetadataOnlyOfAStableGroup) {
  const std::string member = Enter().first;
  Advance(kInitialDelay);
  GroupDescription description = group().Describe();
  EXPECT_EQ(description.state, "CompletingRebalance");
  EXPECT_EQ(description.protocol_name, "");
  ASSERT_EQ(description.members.size(), 1U);
  EXPECT_TRUE(description.members[0].metadata.empty());
  Assign();
  description = group().Describe();
  EXPECT_EQ(description.state, "Stable");
  EXPECT_EQ(description.protocol_type, "test");
  EXPECT_EQ(description.protocol_name, "range");
  EXPECT_EQ(description.members[0].identity.member_id, member);
  EXPECT_EQ(description.members[0].client_id, "client");
  EXPECT_EQ(description.members[0].client_host, "/127.0.0.1");
  EXPECT_EQ(description.members[0].metadata.text(), "m");
  EXPECT_EQ(description.members[0].assignment.text(), "part of " + member);
}

TEST_F(GroupStateTest, AStableGroupComesBackAfterARestart) {
  const std::vector<std::string> members = MakeStable(3);
  Restart();
  EXPECT_EQ(phase(), "Stable");
  EXPECT_EQ(generation(), 1);
  EXPECT_EQ(group().membership().leader(), members[0]);
  EXPECT_EQ(Beat(members[2]), ErrorCode::kNone);
  EXPECT_EQ(Synced(Sync(members[1])).assignment.text(), "part of " + members[1]);
  AdvanceBeating(kSession * 2, members);
  EXPECT_EQ(phase(), "Stable");
}

TEST_F(GroupStateTest, AfterARestartSessionsRunAnew) {
  MakeStable(2);
  Restart();
  Advance(kSession - Ms(1));
  EXPECT_EQ(phase(), "Stable");
  Advance(Ms(1));
  EXPECT_EQ(phase(), "Empty");
}

TEST_F(GroupStateTest, AnEmptyGroupComesBackWithItsGeneration) {
  Leave(MakeStable(1)[0]);
  const TimestampMs empty_since = now().wall_ms;
  Advance(Ms(10'000));
  Restart();
  EXPECT_EQ(phase(), "Empty");
  EXPECT_EQ(generation(), 2);
  EXPECT_EQ(group().protocol_type(), "test");
  EXPECT_EQ(group().ExpiryRule().empty_since, empty_since);
}

TEST_F(GroupStateTest, DissolvingAnswersEverybodyWhoIsParked) {
  const WaiterId join = Enter().second;
  Do(group().Dissolve(ErrorCode::kNotCoordinator));
  EXPECT_EQ(Joined(join).error, ErrorCode::kNotCoordinator);
  EXPECT_EQ(group().next_deadline(), std::nullopt);

  Create({.initial_rebalance_delay = kInitialDelay});
  Enter();
  const std::string b = Enter().first;
  Advance(kInitialDelay * 2);
  const WaiterId sync = Sync(b);
  Do(group().Dissolve(ErrorCode::kNotCoordinator));
  EXPECT_EQ(Synced(sync).error, ErrorCode::kNotCoordinator);
}

}  // namespace
}  // namespace gneiss::server
