// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "server/coordinator/testing/group_harness.h"

namespace gneiss::server {
namespace {

using GroupJoinTest = GroupHarness;

TEST_F(GroupJoinTest, AFirstJoinGetsAnIdToComeBackWith) {
  JoinRequest request = JoinOf("");
  request.fresh_id = Uuid{};
  request.fresh_id.bytes[0] = 0xab;
  request.fresh_id.bytes[15] = 0x01;
  const JoinResult result = Joined(Send(request));
  EXPECT_EQ(result.error, ErrorCode::kMemberIdRequired);
  EXPECT_EQ(result.member_id, "client-ab000000-0000-0000-0000-000000000001");
  EXPECT_EQ(result.generation, -1);
  EXPECT_EQ(phase(), "Empty");
}

TEST_F(GroupJoinTest, TheSecondJoinWithThatIdEnters) {
  const auto [member_id, join] = Enter();
  EXPECT_EQ(phase(), "PreparingRebalance");
  EXPECT_TRUE(IsParked(join));
  Advance(kInitialDelay);
  const JoinResult result = Joined(join);
  EXPECT_EQ(result.error, ErrorCode::kNone);
  EXPECT_EQ(result.generation, 1);
  EXPECT_EQ(result.protocol_type, "test");
  EXPECT_EQ(result.protocol_name, "range");
  EXPECT_EQ(result.member_id, member_id);
  EXPECT_EQ(result.leader, member_id);
  ASSERT_EQ(result.members.size(), 1U);
  EXPECT_EQ(result.members[0].identity.member_id, member_id);
  EXPECT_EQ(result.members[0].metadata.text(), "m");
}

TEST_F(GroupJoinTest, OldClientsEnterAtOnce) {
  JoinRequest request = JoinOf("");
  request.dialect.member_id_required = false;
  const WaiterId join = Send(request);
  EXPECT_TRUE(IsParked(join));
  EXPECT_EQ(phase(), "PreparingRebalance");
}

TEST_F(GroupJoinTest, StaticMembersEnterAtOnceAndAreNamedAfterTheirInstance) {
  JoinRequest request = JoinOf("", "host-1");
  request.fresh_id = Uuid{};
  const WaiterId join = Send(request);
  Advance(kInitialDelay);
  EXPECT_EQ(Joined(join).error, ErrorCode::kNone);
  EXPECT_EQ(Joined(join).member_id, "host-1-00000000-0000-0000-0000-000000000000");
}

TEST_F(GroupJoinTest, ALongNameIsCutToWhatARecordCanHold) {
  const WaiterId join = Send(JoinOf("", std::string(40'000, 'x')));
  Advance(kInitialDelay);
  EXPECT_EQ(Joined(join).member_id.size(), 32'767U);
}

TEST_F(GroupJoinTest, AnUnknownIdIsRefused) {
  EXPECT_EQ(Joined(Rejoin("nobody")).error, ErrorCode::kUnknownMemberId);
  MakeStable(1);
  const JoinResult result = Joined(Rejoin("nobody"));
  EXPECT_EQ(result.error, ErrorCode::kUnknownMemberId);
  EXPECT_EQ(result.member_id, "nobody");
}

TEST_F(GroupJoinTest, APendingIdIsForgottenAfterTheSessionTimeout) {
  const std::string id = Joined(Send(JoinOf(""))).member_id;
  Advance(kSession);
  EXPECT_EQ(Joined(Rejoin(id)).error, ErrorCode::kUnknownMemberId);
}

TEST_F(GroupJoinTest, AnEmptyProtocolTypeOrListIsRefused) {
  JoinRequest no_type = JoinOf("");
  no_type.protocol_type.clear();
  EXPECT_EQ(Joined(Send(no_type)).error, ErrorCode::kInconsistentGroupProtocol);
  JoinRequest no_protocols = JoinOf("");
  no_protocols.protocols.clear();
  EXPECT_EQ(Joined(Send(no_protocols)).error, ErrorCode::kInconsistentGroupProtocol);
  EXPECT_EQ(Joined(Send(no_protocols)).member_id, "");
}

TEST_F(GroupJoinTest, AnotherProtocolTypeIsRefusedWhileThereAreMembers) {
  const std::vector<std::string> members = MakeStable(1);
  JoinRequest request = JoinOf("");
  request.protocol_type = "connect";
  EXPECT_EQ(Joined(Send(request)).error, ErrorCode::kInconsistentGroupProtocol);
  request.identity.member_id = members[0];
  EXPECT_EQ(Joined(Send(request)).error, ErrorCode::kInconsistentGroupProtocol);
  EXPECT_EQ(phase(), "Stable");
  Leave(members[0]);
  const auto [member_id, join] = Enter([&] {
    JoinRequest other = JoinOf("");
    other.protocol_type = "connect";
    return other;
  }());
  Advance(kInitialDelay);
  EXPECT_EQ(Joined(join).protocol_type, "connect");
}

TEST_F(GroupJoinTest, WithoutACommonProtocolAMemberStaysOut) {
  MakeStable(2);
  JoinRequest request = JoinOf("");
  request.protocols = Protocols({"sticky"});
  EXPECT_EQ(Joined(Send(request)).error, ErrorCode::kInconsistentGroupProtocol);
  EXPECT_EQ(phase(), "Stable");
}

// The protocols are checked before the member is looked up.
TEST_F(GroupJoinTest, AnInconsistentUnknownMemberIsToldOfTheInconsistency) {
  MakeStable(1);
  JoinRequest request = JoinOf("nobody");
  request.protocol_type = "connect";
  EXPECT_EQ(Joined(Send(request)).error, ErrorCode::kInconsistentGroupProtocol);
}

TEST_F(GroupJoinTest, OnlyTheLeaderLearnsOfTheOthers) {
  const auto [a, join_a] = Enter();
  const auto [b, join_b] = Enter();
  Advance(kInitialDelay * 2);
  EXPECT_EQ(Joined(join_a).members.size(), 2U);
  EXPECT_EQ(Joined(join_b).leader, a);
  EXPECT_TRUE(Joined(join_b).members.empty());
}

TEST_F(GroupJoinTest, AFollowerThatChangesNothingGetsTheGenerationItIsIn) {
  const std::vector<std::string> members = MakeStable(2);
  const JoinResult result = Joined(Rejoin(members[1]));
  EXPECT_EQ(result.error, ErrorCode::kNone);
  EXPECT_EQ(result.generation, 1);
  EXPECT_EQ(result.leader, members[0]);
  EXPECT_EQ(phase(), "Stable");
}

TEST_F(GroupJoinTest, AFollowerWithNewMetadataStartsARebalance) {
  const std::vector<std::string> members = MakeStable(2);
  JoinRequest request = JoinOf(members[1]);
  request.protocols = Protocols({"range"}, "other topics");
  const WaiterId join = Send(request);
  EXPECT_TRUE(IsParked(join));
  EXPECT_EQ(phase(), "PreparingRebalance");
  const WaiterId leader_join = Rejoin(members[0]);
  EXPECT_EQ(Joined(join).generation, 2);
  EXPECT_EQ(Joined(leader_join).members[1].metadata.text(), "other topics");
}

TEST_F(GroupJoinTest, ALeaderThatChangesNothingStartsARebalance) {
  const std::vector<std::string> members = MakeStable(2);
  EXPECT_TRUE(IsParked(Rejoin(members[0])));
  EXPECT_EQ(phase(), "PreparingRebalance");
}

TEST_F(GroupJoinTest, WhileTheLeaderAssignsAnUnchangedRejoinGetsTheSameGeneration) {
  const auto [a, join_a] = Enter();
  const auto [b, join_b] = Enter();
  Advance(kInitialDelay * 2);
  EXPECT_EQ(Joined(Rejoin(a)), Joined(join_a));
  EXPECT_EQ(Joined(Rejoin(b)), Joined(join_b));
  EXPECT_EQ(phase(), "CompletingRebalance");
}

TEST_F(GroupJoinTest, WhileTheLeaderAssignsAChangedRejoinStartsARebalance) {
  const std::string a = Enter().first;
  Advance(kInitialDelay);
  JoinRequest request = JoinOf(a);
  request.protocols = Protocols({"range"}, "other topics");
  EXPECT_EQ(Joined(Send(request)).generation, 2);
}

// Its client has given up the older request and will never read the answer; it must not stay.
TEST_F(GroupJoinTest, ARepeatedJoinTakesThePlaceOfTheOlderOne) {
  const auto [a, first] = Enter();
  const WaiterId second = Rejoin(a);
  EXPECT_EQ(Joined(first).error, ErrorCode::kRebalanceInProgress);
  Advance(kInitialDelay);
  EXPECT_EQ(Joined(second).error, ErrorCode::kNone);
}

TEST_F(GroupJoinTest, AFullGroupRefusesNewMembers) {
  Create({.initial_rebalance_delay = kInitialDelay, .size_max = 2});
  const std::vector<std::string> members = MakeStable(2);
  const JoinResult result = Joined(Send(JoinOf("")));
  EXPECT_EQ(result.error, ErrorCode::kGroupMaxSizeReached);
  EXPECT_EQ(result.member_id, "");
  EXPECT_EQ(Joined(Rejoin(members[1])).error, ErrorCode::kNone);
}

TEST_F(GroupJoinTest, WhileMembersJoinThoseThatHaveCount) {
  Create({.initial_rebalance_delay = kInitialDelay, .size_max = 2});
  const auto [a, join_a] = Enter();
  const auto [b, join_b] = Enter();
  EXPECT_EQ(Joined(Send(JoinOf(""))).error, ErrorCode::kGroupMaxSizeReached);
  EXPECT_TRUE(IsParked(Rejoin(a)));
}

TEST_F(GroupJoinTest, GroupFullComesBeforeTheProtocols) {
  Create({.initial_rebalance_delay = kInitialDelay, .size_max = 1});
  MakeStable(1);
  JoinRequest request = JoinOf("");
  request.protocols.clear();
  EXPECT_EQ(Joined(Send(request)).error, ErrorCode::kGroupMaxSizeReached);
}

// After the limit was lowered, the last ones to come back are turned away.
TEST_F(GroupJoinTest, AGroupThatIsTooLargeShrinksWithARebalance) {
  MakeStable(3);
  const GroupSnapshot snapshot = stored().back();
  Create({.initial_rebalance_delay = kInitialDelay, .size_max = 2});
  group() = GroupState::Restore({.size_max = 2}, snapshot, now());
  EXPECT_EQ(phase(), "PreparingRebalance");
  const WaiterId first = Rejoin(snapshot.members[0].identity.member_id);
  const WaiterId second = Rejoin(snapshot.members[1].identity.member_id);
  const WaiterId third = Rejoin(snapshot.members[2].identity.member_id);
  EXPECT_EQ(Joined(third).error, ErrorCode::kGroupMaxSizeReached);
  EXPECT_EQ(Joined(first).generation, 2);
  EXPECT_EQ(Joined(second).generation, 2);
}

TEST_F(GroupJoinTest, AnUnchangedRejoinKeepsTheSession) {
  const std::vector<std::string> members = MakeStable(2);
  Advance(kSession - Ms(1));
  EXPECT_EQ(Beat(members[0]), ErrorCode::kNone);
  EXPECT_EQ(Joined(Rejoin(members[1])).error, ErrorCode::kNone);  // restarts its session
  Advance(kSession - Ms(1));
  EXPECT_EQ(phase(), "Stable");
  EXPECT_EQ(group().membership().size(), 2U);
}

}  // namespace
}  // namespace gneiss::server
