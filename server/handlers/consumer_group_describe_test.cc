// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/consumer_group_describe.h"

#include <string>

#include <gtest/gtest.h>

#include "protocol/messages/describe_groups.h"
#include "protocol/messages/list_groups.h"
#include "server/testing/consumer_group_calls.h"
#include "server/testing/in_process_broker.h"
#include "server/testing/topic_calls.h"

namespace gneiss::server {
namespace {

using protocol::ErrorCode;
using Group = protocol::ConsumerGroupDescribeResponse::DescribedGroup;

class ConsumerGroupDescribeTest : public ::testing::Test {
 protected:
  ConsumerGroupDescribeTest() {
    testing::FindGroup(client_);
    testing::CreateTopic(client_, "orders", 4);
  }

  Group Describe(const std::string& group, std::int16_t version = 1) {
    protocol::ConsumerGroupDescribeRequest request;
    request.group_ids = {group};
    request.include_authorized_operations = true;
    return client_
        .Call<protocol::ConsumerGroupDescribeRequest, protocol::ConsumerGroupDescribeResponse>(
            request, version)
        .groups.at(0);
  }

  testing::InProcessBroker broker_;
  testing::RawClient client_ = broker_.Connect();
};

TEST_F(ConsumerGroupDescribeTest, EveryVersionShowsTheGroup) {
  auto join = testing::ConsumerJoin("g", "m1", "orders");
  join.rack_id = "r1";
  join.instance_id = "i1";
  testing::ConsumerBeat(client_, join);
  for (std::int16_t version = 0; version <= 1; ++version) {
    const Group group = Describe("g", version);
    EXPECT_EQ(group.error_code, 0);
    EXPECT_EQ(group.group_id, "g");
    EXPECT_EQ(group.group_state, "Stable");
    EXPECT_EQ(group.group_epoch, 2);
    EXPECT_EQ(group.assignment_epoch, 2);
    EXPECT_EQ(group.assignor_name, "uniform");
    EXPECT_EQ(group.authorized_operations, 3400);
    ASSERT_EQ(group.members.size(), 1U);
    const auto& member = group.members[0];
    EXPECT_EQ(member.member_id, "m1");
    EXPECT_EQ(member.instance_id, "i1");
    EXPECT_EQ(member.rack_id, "r1");
    EXPECT_EQ(member.member_epoch, 2);
    EXPECT_EQ(member.subscribed_topic_names, std::vector<std::string>{"orders"});
    EXPECT_EQ(member.subscribed_topic_regex, "");
    ASSERT_EQ(member.assignment.topic_partitions.size(), 1U);
    EXPECT_EQ(member.assignment.topic_partitions[0].topic_name, "orders");
    EXPECT_EQ(member.assignment, member.target_assignment);
    EXPECT_EQ(member.member_type, version >= 1 ? 1 : -1);
  }
}

TEST_F(ConsumerGroupDescribeTest, GroupsOfTheOtherKindAndUnknownOnesAreNotFound) {
  testing::MakeStableGroup(client_, "classic");
  EXPECT_EQ(Describe("classic").error_code, ToWire(ErrorCode::kGroupIdNotFound));
  EXPECT_EQ(Describe("classic").error_message, "Group classic is not a consumer group.");
  EXPECT_EQ(Describe("nobody").error_message, "Group nobody not found.");
  EXPECT_EQ(Describe("").error_code, ToWire(ErrorCode::kInvalidGroupId));
}

TEST_F(ConsumerGroupDescribeTest, TheOtherCallsKnowTheGroupToo) {
  testing::ConsumerBeat(client_, testing::ConsumerJoin("g", "m1", "orders"));
  protocol::DescribeGroupsRequest describe;
  describe.groups = {"g"};
  const auto described =
      client_.Call<protocol::DescribeGroupsRequest, protocol::DescribeGroupsResponse>(describe, 6);
  EXPECT_EQ(described.groups.at(0).error_code, ToWire(ErrorCode::kGroupIdNotFound));
  EXPECT_EQ(described.groups.at(0).error_message, "Group g is not a classic group.");
  EXPECT_EQ(described.groups.at(0).group_state, "Dead");

  protocol::ListGroupsRequest list;
  list.types_filter = {"Consumer"};
  const auto listed =
      client_.Call<protocol::ListGroupsRequest, protocol::ListGroupsResponse>(list, 5);
  ASSERT_EQ(listed.groups.size(), 1U);
  EXPECT_EQ(listed.groups[0].group_type, "consumer");
  list.types_filter = {"classic"};
  EXPECT_TRUE((client_.Call<protocol::ListGroupsRequest, protocol::ListGroupsResponse>(list, 5)
                   .groups.empty()));
}

}  // namespace
}  // namespace gneiss::server
