// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/offset_delete.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/error_codes.h"
#include "server/testing/group_calls.h"
#include "server/testing/in_process_broker.h"
#include "server/testing/topic_calls.h"

namespace gneiss::server {
namespace {

using protocol::ErrorCode;
using protocol::OffsetDeleteRequest;
using protocol::OffsetDeleteResponse;

class OffsetDeleteTest : public ::testing::Test {
 protected:
  OffsetDeleteTest() {
    testing::CreateTopic(client_, "orders", 2);
    testing::CreateTopic(client_, "logs", 1);
    testing::FindGroup(client_);
  }
  OffsetDeleteResponse Delete(
      const std::string& group,
      std::vector<std::pair<std::string, std::vector<std::int32_t>>> topics) {
    OffsetDeleteRequest request;
    request.group_id = group;
    for (auto& [name, partitions] : topics) {
      auto& topic = request.topics.emplace_back();
      topic.name = name;
      for (const std::int32_t partition : partitions) topic.partitions.push_back({partition});
    }
    return client_.Call<OffsetDeleteRequest, OffsetDeleteResponse>(request, 0);
  }

  testing::InProcessBroker broker_;
  testing::RawClient client_ = broker_.Connect();
};

TEST_F(OffsetDeleteTest, DeletesWhatIsThereAndAnswersInOrder) {
  testing::Commit(client_, "g", "orders", 1, 5);
  testing::Commit(client_, "g", "logs", 0, 6);
  const auto response = Delete("g", {{"orders", {7, 1, 0}}, {"unknown", {0}}});
  EXPECT_EQ(response.error_code, 0);
  ASSERT_EQ(response.topics.size(), 2U);
  EXPECT_EQ(response.topics[0].partitions[0].error_code,
            ToWire(ErrorCode::kUnknownTopicOrPartition));
  EXPECT_EQ(response.topics[0].partitions[1].partition_index, 1);
  EXPECT_EQ(response.topics[0].partitions[1].error_code, 0);
  EXPECT_EQ(response.topics[0].partitions[2].error_code, 0);
  EXPECT_EQ(response.topics[1].partitions[0].error_code,
            ToWire(ErrorCode::kUnknownTopicOrPartition));
  EXPECT_EQ(testing::Committed(client_, "g", "orders", 1), -1);
  EXPECT_EQ(testing::Committed(client_, "g", "logs", 0), 6);
}

TEST_F(OffsetDeleteTest, TopicsThatMembersReadAreKept) {
  protocol::JoinGroupRequest join = testing::NewJoin("g");
  const std::string subscription("\0\0\0\0\0\1\0\6orders\xff\xff\xff\xff", 18);
  join.protocols[0].metadata = SharedBytes::CopyOf(subscription);
  const auto joined = testing::Enter(client_, join);
  testing::Sync(client_, "g", joined);
  const auto response = Delete("g", {{"orders", {0}}, {"logs", {0}}});
  EXPECT_EQ(response.error_code, 0);
  EXPECT_EQ(response.topics.at(0).partitions.at(0).error_code,
            ToWire(ErrorCode::kGroupSubscribedToTopic));
  EXPECT_EQ(response.topics.at(1).partitions.at(0).error_code, 0);
}

TEST_F(OffsetDeleteTest, ErrorsOfTheGroupAreAtTheTop) {
  EXPECT_EQ(Delete("unknown", {{"orders", {0}}}).error_code, ToWire(ErrorCode::kGroupIdNotFound));
  EXPECT_TRUE(Delete("unknown", {{"orders", {0}}}).topics.empty());
  EXPECT_EQ(Delete("", {}).error_code, ToWire(ErrorCode::kInvalidGroupId));
  protocol::JoinGroupRequest join = testing::NewJoin("workers");
  join.protocol_type = "connect";
  testing::Enter(client_, join);
  EXPECT_EQ(Delete("workers", {{"orders", {0}}}).error_code, ToWire(ErrorCode::kNonEmptyGroup));
}

}  // namespace
}  // namespace gneiss::server
