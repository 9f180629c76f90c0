// SPDX-License-Identifier: Apache-2.0
// The rules are tested in coordinator/group_join_test.cc; here is what the wire adds.
#include "server/handlers/join_group.h"

#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "protocol/error_codes.h"
#include "protocol/messages/leave_group.h"
#include "server/testing/group_calls.h"
#include "server/testing/in_process_broker.h"

namespace gneiss::server {
namespace {

using protocol::ErrorCode;
using protocol::JoinGroupRequest;
using protocol::JoinGroupResponse;
using testing::Enter;
using testing::Join;
using testing::NewJoin;
using testing::Sync;

class JoinGroupTest : public ::testing::Test {
 protected:
  JoinGroupTest() { testing::FindGroup(client_); }

  testing::InProcessBroker broker_;
  testing::RawClient client_ = broker_.Connect();
};

TEST_F(JoinGroupTest, EveryVersionEnters) {
  for (std::int16_t version = 0; version <= 9; ++version) {
    SCOPED_TRACE(version);
    const std::string group = "group" + std::to_string(version);
    JoinGroupRequest request = NewJoin(group);
    if (version == 0) request.rebalance_timeout_ms = -1;
    const auto first = Join(client_, request, version);
    EXPECT_EQ(first.error_code == ToWire(ErrorCode::kMemberIdRequired), version >= 4);
    request.member_id = first.member_id;
    const auto joined = version >= 4 ? Join(client_, request, version) : first;
    EXPECT_EQ(joined.error_code, 0);
    EXPECT_EQ(joined.generation_id, 1);
    EXPECT_EQ(joined.protocol_name, "range");
    if (version >= 7) {
      EXPECT_EQ(joined.protocol_type, "consumer");
    }
    EXPECT_EQ(joined.leader, joined.member_id);
    EXPECT_EQ(joined.member_id.substr(0, 11), "raw-client-");
    EXPECT_EQ(joined.member_id.size(), 11U + 36U);
    ASSERT_EQ(joined.members.size(), 1U);
    EXPECT_EQ(joined.members[0].metadata.text(), "metadata");
  }
}

TEST_F(JoinGroupTest, EveryVersionRefusesAnUnknownMember) {
  for (std::int16_t version = 0; version <= 9; ++version) {
    SCOPED_TRACE(version);
    JoinGroupRequest request = NewJoin("g", "nobody");
    if (version == 0) request.rebalance_timeout_ms = -1;
    const auto response = Join(client_, request, version);
    EXPECT_EQ(response.error_code, ToWire(ErrorCode::kUnknownMemberId));
    EXPECT_EQ(response.generation_id, -1);
    EXPECT_EQ(response.member_id, "nobody");
    EXPECT_EQ(response.protocol_name, version >= 7 ? std::nullopt : std::optional<std::string>(""));
  }
}

TEST_F(JoinGroupTest, GroupIdAndSessionTimeoutAreCheckedFirst) {
  JoinGroupRequest request = NewJoin("", "somebody");
  request.session_timeout_ms = 1;
  EXPECT_EQ(Join(client_, request).error_code, ToWire(ErrorCode::kInvalidGroupId));
  request.group_id = "g";
  EXPECT_EQ(Join(client_, request).error_code, ToWire(ErrorCode::kInvalidSessionTimeout));
  EXPECT_EQ(Join(client_, request).member_id, "somebody");
  request.session_timeout_ms = 1'800'001;
  EXPECT_EQ(Join(client_, request).error_code, ToWire(ErrorCode::kInvalidSessionTimeout));
  request.session_timeout_ms = 6'000;
  EXPECT_EQ(Join(client_, request).error_code, ToWire(ErrorCode::kUnknownMemberId));
}

TEST_F(JoinGroupTest, TwoMembersShareAGeneration) {
  testing::RawClient other = broker_.Connect();
  const auto first = Enter(client_, NewJoin("g"));
  ASSERT_EQ(Sync(client_, "g", first).error_code, 0);
  const auto pending = Join(other, NewJoin("g"));
  other.Send(NewJoin("g", pending.member_id), 9);
  while (testing::Heartbeat(client_, "g", first) == 0) {
  }
  const auto again = Join(client_, NewJoin("g", first.member_id));
  const auto second = other.Receive<JoinGroupResponse>(9);
  EXPECT_EQ(again.generation_id, 2);
  EXPECT_EQ(second.generation_id, 2);
  EXPECT_EQ(again.members.size(), 2U);
  EXPECT_TRUE(second.members.empty());
  EXPECT_EQ(second.leader, first.member_id);
}

TEST_F(JoinGroupTest, AReturningStaticLeaderSkipsTheAssignment) {
  JoinGroupRequest request = NewJoin("g");
  request.group_instance_id = "instance";
  const auto first = Join(client_, request);
  EXPECT_EQ(first.error_code, 0);
  EXPECT_EQ(first.members.at(0).group_instance_id, "instance");
  EXPECT_FALSE(first.skip_assignment);
  ASSERT_EQ(Sync(client_, "g", first).error_code, 0);
  const auto again = Join(client_, request);
  EXPECT_TRUE(again.skip_assignment);
  EXPECT_EQ(again.generation_id, first.generation_id);
  EXPECT_EQ(again.leader, again.member_id);
  const auto by_old_client = Join(client_, request, 8);
  EXPECT_EQ(by_old_client.leader, again.member_id);
  EXPECT_NE(by_old_client.member_id, again.member_id);
}

// Nothing tells a parked request that its connection is gone; it must not outlive the broker.
TEST_F(JoinGroupTest, AConnectionThatClosesWhileItsJoinIsParkedIsNotMissed) {
  const auto stable = testing::MakeStableGroup(client_, "g");
  {
    testing::RawClient gone = broker_.Connect();
    const auto pending = Join(gone, NewJoin("g"));
    gone.Send(NewJoin("g", pending.member_id), 9);
    while (testing::Heartbeat(client_, "g", stable) == 0) {
    }
  }
  const auto alone = Join(client_, NewJoin("g", stable.member_id));
  EXPECT_EQ(alone.generation_id, 2);
  EXPECT_EQ(alone.members.size(), 2U) << "its session decides when the other is given up";
}

TEST_F(JoinGroupTest, AStopAnswersParkedJoins) {
  testing::RawClient other = broker_.Connect();
  const auto stable = testing::MakeStableGroup(client_, "g");
  const auto pending = Join(other, NewJoin("g"));
  other.Send(NewJoin("g", pending.member_id), 9);
  while (testing::Heartbeat(client_, "g", stable) == 0) {
  }
  broker_.Restart();  // throws if a request does not end
  testing::RawClient after = broker_.Connect();
  testing::WaitForGroups(after, {"g"});
  EXPECT_EQ(testing::Heartbeat(after, "g", stable), 0);
}

TEST_F(JoinGroupTest, BeforeTheOffsetsTopicExistsNobodyIsTheCoordinator) {
  testing::InProcessBroker fresh;
  testing::RawClient client = fresh.Connect();
  EXPECT_EQ(Join(client, NewJoin("g")).error_code, ToWire(ErrorCode::kNotCoordinator));
}

TEST_F(JoinGroupTest, TheLimitsOfTheConfigurationHold) {
  testing::InProcessBroker broker({.properties = {{"group.max.size", "1"},
                                                  {"group.min.session.timeout.ms", "5"},
                                                  {"group.max.session.timeout.ms", "20000"}}});
  testing::RawClient client = broker.Connect();
  testing::FindGroup(client);
  testing::MakeStableGroup(client, "g");
  EXPECT_EQ(Join(client, NewJoin("g")).error_code, ToWire(ErrorCode::kGroupMaxSizeReached));
  JoinGroupRequest request = NewJoin("h", "nobody");
  request.session_timeout_ms = 20'001;
  EXPECT_EQ(Join(client, request).error_code, ToWire(ErrorCode::kInvalidSessionTimeout));
  request.session_timeout_ms = 5;
  EXPECT_EQ(Join(client, request).error_code, ToWire(ErrorCode::kUnknownMemberId));
}

TEST_F(JoinGroupTest, AMemberWhoseSessionEndsIsReplaced) {
  testing::InProcessBroker broker({.properties = {{"group.min.session.timeout.ms", "5"}}});
  testing::RawClient client = broker.Connect();
  testing::FindGroup(client);
  JoinGroupRequest request = NewJoin("g");
  request.session_timeout_ms = 50;
  const auto joined = Enter(client, request);
  ASSERT_EQ(Sync(client, "g", joined).error_code, 0);
  const auto survivor = Enter(client, NewJoin("g"));  // waits until the first one is given up
  EXPECT_EQ(survivor.error_code, 0);
  EXPECT_EQ(survivor.members.size(), 1U);
  EXPECT_EQ(testing::Heartbeat(client, "g", joined), ToWire(ErrorCode::kUnknownMemberId));
}

}  // namespace
}  // namespace gneiss::server
