// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/describe_topic_partitions.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/testing/in_process_broker.h"
#include "server/testing/raw_client.h"
#include "server/testing/topic_calls.h"

namespace gneiss::server {
namespace {

using protocol::DescribeTopicPartitionsRequest;
using protocol::DescribeTopicPartitionsResponse;
using testing::CreateTopic;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class DescribeTopicPartitionsTest : public ::testing::Test {
 protected:
  DescribeTopicPartitionsTest() {
    CreateTopic(client_, "a", 2);
    CreateTopic(client_, "b", 4);
    CreateTopic(client_, "c", 3);
  }

  using Cursor = std::pair<std::string, std::int32_t>;

  DescribeTopicPartitionsResponse Call(const std::vector<std::string>& topics,
                                       std::int32_t limit = 2000,
                                       const std::optional<Cursor>& cursor = std::nullopt) {
    DescribeTopicPartitionsRequest request;
    for (const std::string& name : topics) request.topics.emplace_back().name = name;
    request.response_partition_limit = limit;
    if (cursor) {
      DescribeTopicPartitionsRequest::Cursor at;
      at.topic_name = cursor->first;
      at.partition_index = cursor->second;
      request.cursor = at;
    }
    return client_.Call<DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse>(request,
                                                                                         0);
  }

  // "topic:" and its partitions, or "topic!" and its error; last "> cursor".
  static std::vector<std::string> Page(const DescribeTopicPartitionsResponse& response) {
    std::vector<std::string> page;
    for (const auto& topic : response.topics) {
      std::string line = topic.name.value_or("(null)");
      line += topic.error_code == 0 ? ":" : "!" + std::to_string(topic.error_code);
      for (const auto& partition : topic.partitions) {
        line += std::to_string(partition.partition_index);
      }
      page.push_back(line);
    }
    if (response.next_cursor) {
      page.push_back("> " + response.next_cursor->topic_name + ":" +
                     std::to_string(response.next_cursor->partition_index));
    }
    return page;
  }

  testing::InProcessBroker broker_;
  testing::RawClient client_ = broker_.Connect();
};

TEST_F(DescribeTopicPartitionsTest, TopicsComeSortedAndOnce) {
  EXPECT_THAT(Page(Call({"b", "a", "b"})), ElementsAre("a:01", "b:0123"));
  EXPECT_THAT(Page(Call({})), ElementsAre("a:01", "b:0123", "c:012"));
}

TEST_F(DescribeTopicPartitionsTest, APartitionIsDescribedInFull) {
  const auto response = Call({"a"});
  const auto& topic = response.topics.at(0);
  EXPECT_FALSE(topic.topic_id.IsZero());
  EXPECT_FALSE(topic.is_internal);
  EXPECT_EQ(topic.topic_authorized_operations, 3576);
  const auto& partition = topic.partitions.at(1);
  EXPECT_EQ(partition.error_code, 0);
  EXPECT_EQ(partition.leader_id, 1);
  EXPECT_EQ(partition.leader_epoch, 0);
  EXPECT_THAT(partition.replica_nodes, ElementsAre(1));
  EXPECT_THAT(partition.isr_nodes, ElementsAre(1));
  EXPECT_THAT(partition.eligible_leader_replicas.value(), IsEmpty());
  EXPECT_THAT(partition.last_known_elr.value(), IsEmpty());
  EXPECT_THAT(partition.offline_replicas, IsEmpty());
}

TEST_F(DescribeTopicPartitionsTest, APageEndsAtTheLimitWithACursor) {
  EXPECT_THAT(Page(Call({"a", "b", "c"}, 3)), ElementsAre("a:01", "b:0", "> b:1"));
  EXPECT_THAT(Page(Call({"a", "b", "c"}, 2)), ElementsAre("a:01", "> b:0"));
  EXPECT_THAT(Page(Call({"a"}, 2)), ElementsAre("a:01"));
  EXPECT_THAT(Page(Call({"a"}, 0)), ElementsAre("a:0", "> a:1"));
  EXPECT_THAT(Page(Call({"a"}, -1)), ElementsAre("a:0", "> a:1"));
}

TEST_F(DescribeTopicPartitionsTest, TheNextPageBeginsAtTheCursor) {
  EXPECT_THAT(Page(Call({"a", "b", "c"}, 4, Cursor("b", 2))), ElementsAre("b:23", "c:01", "> c:2"));
  EXPECT_THAT(Page(Call({}, 4, Cursor("b", 2))), ElementsAre("b:23", "c:01", "> c:2"));
  EXPECT_THAT(Page(Call({"b", "c"}, 2, Cursor("b", 99))), ElementsAre("b:", "c:01", "> c:2"));
}

TEST_F(DescribeTopicPartitionsTest, ACursorOutsideWhatIsAskedForIsRefused) {
  EXPECT_THAT(Page(Call({"a", "c"}, 9, Cursor("b", 1))), ElementsAre("a!42", "c!42"));
  EXPECT_THAT(Page(Call({"a"}, 9, Cursor("a", -1))), ElementsAre("a!42"));
}

TEST_F(DescribeTopicPartitionsTest, UnknownTopicsTakeNoRoom) {
  EXPECT_THAT(Page(Call({"nope", "b", "a b"}, 4)), ElementsAre("a b!17", "b:0123", "> nope:0"));
  EXPECT_THAT(Page(Call({"nope", "a"}, 4)), ElementsAre("a:01", "nope!3"));
}

TEST(DescribeTopicPartitionsConfigTest, TheBrokersOwnLimitCaps) {
  testing::InProcessBroker broker({.properties = {{"max.request.partition.size.limit", "2"}}});
  testing::RawClient client = broker.Connect();
  CreateTopic(client, "a", 3);
  DescribeTopicPartitionsRequest request;
  const auto response =
      client.Call<DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse>(request, 0);
  EXPECT_EQ(response.topics.at(0).partitions.size(), 2U);
}

}  // namespace
}  // namespace gneiss::server
