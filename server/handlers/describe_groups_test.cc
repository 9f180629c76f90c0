// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/describe_groups.h"

#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/error_codes.h"
#include "server/testing/group_calls.h"
#include "server/testing/in_process_broker.h"

namespace gneiss::server {
namespace {

using protocol::DescribeGroupsRequest;
using protocol::DescribeGroupsResponse;
using protocol::ErrorCode;

class DescribeGroupsTest : public ::testing::Test {
 protected:
  DescribeGroupsTest() { testing::FindGroup(client_); }

  DescribeGroupsResponse Describe(std::vector<std::string> groups, std::int16_t version) {
    DescribeGroupsRequest request;
    request.groups = std::move(groups);
    request.include_authorized_operations = version >= 3;
    return client_.Call<DescribeGroupsRequest, DescribeGroupsResponse>(request, version);
  }

  testing::InProcessBroker broker_;
  testing::RawClient client_ = broker_.Connect();
};

TEST_F(DescribeGroupsTest, EveryVersionDescribesAStableGroup) {
  protocol::JoinGroupRequest join = testing::NewJoin("g");
  join.group_instance_id = "instance";
  const auto joined = testing::Join(client_, join);
  testing::Sync(client_, "g", joined);
  for (std::int16_t version = 0; version <= 6; ++version) {
    SCOPED_TRACE(version);
    const auto response = Describe({"g"}, version);
    ASSERT_EQ(response.groups.size(), 1U);
    const auto& group = response.groups[0];
    EXPECT_EQ(group.error_code, 0);
    EXPECT_EQ(group.group_id, "g");
    EXPECT_EQ(group.group_state, "Stable");
    EXPECT_EQ(group.protocol_type, "consumer");
    EXPECT_EQ(group.protocol_data, "range");
    EXPECT_EQ(group.authorized_operations,
              version >= 3 ? 3400 : std::numeric_limits<std::int32_t>::min());
    ASSERT_EQ(group.members.size(), 1U);
    EXPECT_EQ(group.members[0].member_id, joined.member_id);
    EXPECT_EQ(group.members[0].client_id, "raw-client");
    EXPECT_EQ(group.members[0].client_host, "/127.0.0.1");
    EXPECT_EQ(group.members[0].member_metadata.text(), "metadata");
    EXPECT_EQ(group.members[0].member_assignment.text(), "part of " + joined.member_id);
    if (version >= 4) {
      EXPECT_EQ(group.members[0].group_instance_id, "instance");
    }
  }
}

TEST_F(DescribeGroupsTest, AnUnknownGroupIsDead) {
  for (std::int16_t version = 0; version <= 6; ++version) {
    SCOPED_TRACE(version);
    const auto response = Describe({"unknown"}, version);
    const auto& group = response.groups.at(0);
    EXPECT_EQ(group.group_state, "Dead");
    EXPECT_EQ(group.error_code, version >= 6 ? ToWire(ErrorCode::kGroupIdNotFound) : 0);
    EXPECT_EQ(group.error_message.has_value(), version >= 6);
    EXPECT_TRUE(group.members.empty());
  }
}

TEST_F(DescribeGroupsTest, GroupsAreDescribedInTheOrderOfTheQuestion) {
  testing::MakeStableGroup(client_, "b");
  testing::MakeStableGroup(client_, "a");
  const auto response = Describe({"b", "unknown", "a", "b"}, 6);
  ASSERT_EQ(response.groups.size(), 4U);
  EXPECT_EQ(response.groups[0].group_id, "b");
  EXPECT_EQ(response.groups[1].group_id, "unknown");
  EXPECT_EQ(response.groups[2].group_id, "a");
  EXPECT_EQ(response.groups[3].group_state, "Stable");
}

}  // namespace
}  // namespace gneiss::server
