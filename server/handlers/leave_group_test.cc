// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/leave_group.h"

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/error_codes.h"
#include "server/testing/group_calls.h"
#include "server/testing/in_process_broker.h"

namespace gneiss::server {
namespace {

using protocol::ErrorCode;
using protocol::LeaveGroupRequest;
using protocol::LeaveGroupResponse;

class LeaveGroupTest : public ::testing::Test {
 protected:
  LeaveGroupTest() { testing::FindGroup(client_); }

  // The error of the only member, wherever the version puts it.
  std::int16_t Leave(const std::string& group, const std::string& member_id, std::int16_t version) {
    LeaveGroupRequest request;
    request.group_id = group;
    if (version < 3) {
      request.member_id = member_id;
    } else {
      request.members.emplace_back().member_id = member_id;
    }
    const auto response = client_.Call<LeaveGroupRequest, LeaveGroupResponse>(request, version);
    if (version < 3 || response.error_code != 0) return response.error_code;
    EXPECT_EQ(response.members.at(0).member_id, member_id);
    return response.members.at(0).error_code;
  }

  testing::InProcessBroker broker_;
  testing::RawClient client_ = broker_.Connect();
};

TEST_F(LeaveGroupTest, EveryVersionLetsAMemberGo) {
  for (std::int16_t version = 0; version <= 5; ++version) {
    SCOPED_TRACE(version);
    const auto member = testing::MakeStableGroup(client_, "g");
    EXPECT_EQ(Leave("g", member.member_id, version), 0);
    EXPECT_EQ(testing::Heartbeat(client_, "g", member), ToWire(ErrorCode::kUnknownMemberId));
  }
}

TEST_F(LeaveGroupTest, EveryVersionTellsAStrangerSo) {
  testing::MakeStableGroup(client_, "g");
  for (std::int16_t version = 0; version <= 5; ++version) {
    SCOPED_TRACE(version);
    EXPECT_EQ(Leave("g", "stranger", version), ToWire(ErrorCode::kUnknownMemberId));
    EXPECT_EQ(Leave("unknown", "stranger", version), ToWire(ErrorCode::kUnknownMemberId));
    EXPECT_EQ(Leave("", "stranger", version), ToWire(ErrorCode::kInvalidGroupId));
  }
}

TEST_F(LeaveGroupTest, EachMemberOfAListHasItsOwnError) {
  protocol::JoinGroupRequest join = testing::NewJoin("g");
  join.group_instance_id = "instance";
  testing::Join(client_, join);
  LeaveGroupRequest request;
  request.group_id = "g";
  request.members = {{"stranger", std::nullopt, "reason"},
                     {"wrong", "instance", std::nullopt},
                     {"", "instance", std::nullopt}};
  const auto response = client_.Call<LeaveGroupRequest, LeaveGroupResponse>(request, 5);
  EXPECT_EQ(response.error_code, 0);
  ASSERT_EQ(response.members.size(), 3U);
  EXPECT_EQ(response.members[0].error_code, ToWire(ErrorCode::kUnknownMemberId));
  EXPECT_EQ(response.members[1].error_code, ToWire(ErrorCode::kFencedInstanceId));
  EXPECT_EQ(response.members[2].error_code, 0);
  EXPECT_EQ(response.members[2].group_instance_id, "instance");
}

}  // namespace
}  // namespace gneiss::server
