// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/describe_producers.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/messages/describe_producers.h"
#include "server/testing/data_test.h"

namespace gneiss::server::testing {
namespace {

using protocol::DescribeProducersRequest;
using protocol::DescribeProducersResponse;

class DescribeProducersTest : public DataTest {
 protected:
  std::vector<DescribeProducersResponse::PartitionResponse> Ask(const std::string& topic,
                                                                std::vector<std::int32_t> indexes) {
    DescribeProducersRequest request;
    request.topics.push_back({topic, std::move(indexes)});
    const auto response =
        client_.Call<DescribeProducersRequest, DescribeProducersResponse>(request, 0);
    EXPECT_EQ(response.topics.at(0).name, topic);
    return response.topics.at(0).partitions;
  }
};

TEST_F(DescribeProducersTest, TheProducersOfAPartitionAreListed) {
  CreateTopic("t", 2);
  Append("t", {"a", "b"}, 1, {.producer_id = 77, .producer_epoch = 1, .base_sequence = 5});
  Append("t", {"a"}, 1, {.producer_id = 78, .producer_epoch = 0, .base_sequence = 0});
  const auto partitions = Ask("t", {0, 1});
  ASSERT_EQ(partitions.size(), 2u);
  EXPECT_TRUE(partitions[0].active_producers.empty());
  ASSERT_EQ(partitions[1].active_producers.size(), 2u);
  const auto& first = partitions[1].active_producers[0];
  EXPECT_EQ(first.producer_id, 77);
  EXPECT_EQ(first.producer_epoch, 1);
  EXPECT_EQ(first.last_sequence, 6);
  EXPECT_EQ(first.last_timestamp, BatchShape().timestamp);
  EXPECT_EQ(first.coordinator_epoch, -1);
  EXPECT_EQ(first.current_txn_start_offset, -1);
  EXPECT_EQ(partitions[1].active_producers[1].producer_id, 78);
}

TEST_F(DescribeProducersTest, UnknownPartitionsAreRefused) {
  EXPECT_EQ(Ask("nope", {0}).at(0).error_code, ToWire(ErrorCode::kUnknownTopicOrPartition));
}

}  // namespace
}  // namespace gneiss::server::testing
