// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/group_membership.h"

#include <gtest/gtest.h>

namespace gneiss::server {
namespace {

class GroupMembershipTest : public ::testing::Test {
 protected:
  GroupMember& Add(const std::string& id, std::vector<std::string> protocols = {"range"}) {
    return membership_.Add(
        GroupMember{.identity = {id, std::nullopt}, .protocols = Protocols(std::move(protocols))});
  }
  GroupMember& AddStatic(const std::string& id, const std::string& instance) {
    return membership_.Add(
        GroupMember{.identity = {id, instance}, .protocols = Protocols({"range"})});
  }
  static std::vector<GroupProtocol> Protocols(std::vector<std::string> names) {
    std::vector<GroupProtocol> protocols;
    for (std::string& name : names) protocols.push_back({std::move(name), {}});
    return protocols;
  }

  GroupMembership membership_;
};

TEST_F(GroupMembershipTest, TheFirstMemberLeads) {
  EXPECT_EQ(membership_.leader(), "");
  Add("a");
  Add("b");
  EXPECT_EQ(membership_.leader(), "a");
}

TEST_F(GroupMembershipTest, TheOldestMemberFollowsALeaderThatLeft) {
  Add("a");
  Add("b");
  Add("c");
  membership_.Remove("a");
  EXPECT_EQ(membership_.leader(), "b");
  membership_.Remove("c");
  EXPECT_EQ(membership_.leader(), "b");
  membership_.Remove("b");
  EXPECT_EQ(membership_.leader(), "");
  EXPECT_TRUE(membership_.empty());
}

TEST_F(GroupMembershipTest, AMemberThatJoinedIsElectedWhenTheLeaderHasNot) {
  Add("a");
  Add("b").join_waiter = WaiterId(1);
  EXPECT_TRUE(membership_.ElectJoinedLeader());
  EXPECT_EQ(membership_.leader(), "b");
}

TEST_F(GroupMembershipTest, NobodyIsElectedWhenNobodyJoined) {
  EXPECT_FALSE(membership_.ElectJoinedLeader());
  Add("a");
  EXPECT_FALSE(membership_.ElectJoinedLeader());
  EXPECT_EQ(membership_.leader(), "a");
}

TEST_F(GroupMembershipTest, MostVotesChooseTheProtocol) {
  Add("a", {"range", "sticky"});
  Add("b", {"sticky", "range"});
  Add("c", {"sticky", "range"});
  EXPECT_EQ(membership_.ChooseProtocol(), "sticky");
}

TEST_F(GroupMembershipTest, AVoteGoesToTheFirstProtocolThatEverybodyKnows) {
  Add("a", {"sticky", "range"});
  Add("b", {"other", "range"});
  EXPECT_EQ(membership_.ChooseProtocol(), "range");
}

TEST_F(GroupMembershipTest, EqualVotesGoToTheFirstOne) {
  Add("a", {"range", "sticky"});
  Add("b", {"sticky", "range"});
  EXPECT_EQ(membership_.ChooseProtocol(), "range");
}

TEST_F(GroupMembershipTest, ProtocolsAreCommonOnlyIfAllMembersKnowOne) {
  EXPECT_TRUE(membership_.HasCommonProtocol(Protocols({"anything"})));
  EXPECT_FALSE(membership_.HasCommonProtocol({}));
  Add("a", {"range", "sticky"});
  GroupMember& b = Add("b", {"sticky"});
  EXPECT_TRUE(membership_.HasCommonProtocol(Protocols({"other", "sticky"})));
  EXPECT_FALSE(membership_.HasCommonProtocol(Protocols({"range"})));
  membership_.SetProtocols(b, Protocols({"range"}));
  EXPECT_TRUE(membership_.HasCommonProtocol(Protocols({"range"})));
  membership_.Remove("b");
  EXPECT_TRUE(membership_.HasCommonProtocol(Protocols({"sticky"})));
}

TEST_F(GroupMembershipTest, AProtocolNamedTwiceCountsOnce) {
  Add("a", {"range", "range"});
  Add("b", {"sticky"});
  EXPECT_FALSE(membership_.HasCommonProtocol(Protocols({"range"})));
  membership_.Remove("b");
  EXPECT_TRUE(membership_.HasCommonProtocol(Protocols({"range"})));
}

TEST_F(GroupMembershipTest, ChecksDynamicMembersByTheirId) {
  Add("a");
  EXPECT_EQ(membership_.Check({"a", std::nullopt}), ErrorCode::kNone);
  EXPECT_EQ(membership_.Check({"b", std::nullopt}), ErrorCode::kUnknownMemberId);
  EXPECT_EQ(membership_.Check({"a", "i"}), ErrorCode::kUnknownMemberId);
}

TEST_F(GroupMembershipTest, AStaticMemberWithAnotherIdIsFenced) {
  AddStatic("a", "i");
  EXPECT_EQ(membership_.Check({"a", "i"}), ErrorCode::kNone);
  EXPECT_EQ(membership_.Check({"a", std::nullopt}), ErrorCode::kNone);
  EXPECT_EQ(membership_.Check({"b", "i"}), ErrorCode::kFencedInstanceId);
  EXPECT_EQ(membership_.Check({"a", "j"}), ErrorCode::kUnknownMemberId);
}

TEST_F(GroupMembershipTest, AReplacedIdKeepsTheLeadAndTheInstance) {
  GroupMember& member = AddStatic("old", "i");
  Add("b");
  membership_.ReplaceId(member, "new");
  EXPECT_EQ(membership_.leader(), "new");
  EXPECT_EQ(membership_.Find("old"), nullptr);
  EXPECT_EQ(membership_.Find("new"), &member);
  EXPECT_EQ(membership_.FindStatic("i"), &member);
  EXPECT_EQ(membership_.Check({"old", "i"}), ErrorCode::kFencedInstanceId);
}

TEST_F(GroupMembershipTest, AllJoinedWaitsForPendingIds) {
  Add("a").join_waiter = WaiterId(1);
  membership_.AddPending("p");
  EXPECT_FALSE(membership_.AllJoined());
  membership_.RemovePending("p");
  EXPECT_TRUE(membership_.AllJoined());
  Add("b");
  EXPECT_FALSE(membership_.AllJoined());
}

TEST_F(GroupMembershipTest, JoiningEndsPendency) {
  membership_.AddPending("p");
  Add("p");
  EXPECT_FALSE(membership_.IsPending("p"));
  EXPECT_FALSE(membership_.has_pending());
}

TEST_F(GroupMembershipTest, TheSlowestMemberSetsTheRebalanceTimeout) {
  EXPECT_EQ(membership_.RebalanceTimeout().count(), 0);
  Add("a").rebalance_timeout = std::chrono::milliseconds(50);
  Add("b").rebalance_timeout = std::chrono::milliseconds(70);
  EXPECT_EQ(membership_.RebalanceTimeout().count(), 70);
}

}  // namespace
}  // namespace gneiss::server
