// SPDX-License-Identifier: Apache-2.0
// The rules are tested in coordinator/group_state_test.cc; here is what the wire adds.
#include "server/handlers/sync_group.h"

#include <string>

#include <gtest/gtest.h>

#include "protocol/error_codes.h"
#include "server/testing/group_calls.h"
#include "server/testing/in_process_broker.h"

namespace gneiss::server {
namespace {

using protocol::ErrorCode;
using protocol::SyncGroupRequest;
using protocol::SyncGroupResponse;
using testing::Enter;
using testing::NewJoin;
using testing::Sync;

class SyncGroupTest : public ::testing::Test {
 protected:
  SyncGroupTest() { testing::FindGroup(client_); }
  std::int16_t ErrorOf(const SyncGroupRequest& request) {
    return client_.Call<SyncGroupRequest, SyncGroupResponse>(request, 5).error_code;
  }

  testing::InProcessBroker broker_;
  testing::RawClient client_ = broker_.Connect();
};

TEST_F(SyncGroupTest, EveryVersionAssigns) {
  for (std::int16_t version = 0; version <= 5; ++version) {
    SCOPED_TRACE(version);
    const std::string group = "group" + std::to_string(version);
    const auto joined = Enter(client_, NewJoin(group));
    const auto synced = Sync(client_, group, joined, version);
    EXPECT_EQ(synced.error_code, 0);
    EXPECT_EQ(synced.assignment.text(), "part of " + joined.member_id);
    if (version >= 5) {
      EXPECT_EQ(synced.protocol_type, "consumer");
      EXPECT_EQ(synced.protocol_name, "range");
    }
  }
}

TEST_F(SyncGroupTest, ErrorsHaveNoAssignment) {
  SyncGroupRequest request;
  EXPECT_EQ(ErrorOf(request), ToWire(ErrorCode::kInvalidGroupId));
  request.group_id = "unknown";
  EXPECT_EQ(ErrorOf(request), ToWire(ErrorCode::kUnknownMemberId));
  const auto joined = testing::MakeStableGroup(client_, "g");
  request.group_id = "g";
  request.member_id = joined.member_id;
  request.generation_id = 9;
  EXPECT_EQ(ErrorOf(request), ToWire(ErrorCode::kIllegalGeneration));
  request.generation_id = joined.generation_id;
  request.protocol_name = "other";
  EXPECT_EQ(ErrorOf(request), ToWire(ErrorCode::kInconsistentGroupProtocol));
}

TEST_F(SyncGroupTest, AFollowerIsParkedUntilTheLeaderHasAssigned) {
  testing::RawClient other = broker_.Connect();
  const auto leader = testing::MakeStableGroup(client_, "g");
  const auto pending = testing::Join(other, NewJoin("g"));
  other.Send(NewJoin("g", pending.member_id), 9);
  while (testing::Heartbeat(client_, "g", leader) == 0) {
  }
  const auto again = testing::Join(client_, NewJoin("g", leader.member_id));
  const auto follower = other.Receive<protocol::JoinGroupResponse>(9);
  SyncGroupRequest request;
  request.group_id = "g";
  request.generation_id = follower.generation_id;
  request.member_id = follower.member_id;
  other.Send(request, 5);
  EXPECT_EQ(Sync(client_, "g", again).assignment.text(), "part of " + again.member_id);
  EXPECT_EQ(other.Receive<SyncGroupResponse>(5).assignment.text(), "part of " + follower.member_id);
}

TEST_F(SyncGroupTest, AnAssignmentSurvivesARestart) {
  const auto joined = testing::MakeStableGroup(client_, "g");
  broker_.Restart();
  testing::RawClient client = broker_.Connect();
  testing::WaitForGroups(client, {"g"});
  EXPECT_EQ(Sync(client, "g", joined).assignment.text(), "part of " + joined.member_id);
}

}  // namespace
}  // namespace gneiss::server
