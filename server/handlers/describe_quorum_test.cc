// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/describe_quorum.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/error_codes.h"
#include "server/testing/in_process_broker.h"
#include "server/testing/raw_client.h"
#include "server/testing/topic_calls.h"

namespace gneiss::server {
namespace {

using protocol::DescribeQuorumRequest;
using protocol::DescribeQuorumResponse;
using protocol::ErrorCode;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class DescribeQuorumTest : public ::testing::Test {
 protected:
  DescribeQuorumResponse Call(const std::string& topic, std::vector<std::int32_t> partitions,
                              std::int16_t version = 2) {
    DescribeQuorumRequest request;
    auto& asked = request.topics.emplace_back();
    asked.topic_name = topic;
    for (const std::int32_t partition : partitions) asked.partitions.push_back({partition});
    return client_.Call<DescribeQuorumRequest, DescribeQuorumResponse>(request, version);
  }

  testing::InProcessBroker broker_;
  testing::RawClient client_ = broker_.Connect();
};

TEST_F(DescribeQuorumTest, EveryVersionDescribesAQuorumOfThisNode) {
  for (std::int16_t version = 0; version <= 2; ++version) {
    SCOPED_TRACE(version);
    const DescribeQuorumResponse response = Call("__cluster_metadata", {0}, version);
    EXPECT_EQ(response.error_code, 0);
    ASSERT_THAT(response.topics, SizeIs(1));
    const auto& quorum = response.topics[0].partitions.at(0);
    EXPECT_EQ(quorum.error_code, 0);
    EXPECT_EQ(quorum.leader_id, 1);
    EXPECT_EQ(quorum.leader_epoch, 1);
    EXPECT_THAT(quorum.observers, IsEmpty());
    ASSERT_THAT(quorum.current_voters, SizeIs(1));
    EXPECT_EQ(quorum.current_voters[0].replica_id, 1);
    EXPECT_EQ(quorum.current_voters[0].log_end_offset, quorum.high_watermark);
    EXPECT_EQ(quorum.current_voters[0].last_fetch_timestamp > 0, version >= 1);
    ASSERT_THAT(response.nodes, SizeIs(version >= 2 ? 1 : 0));
    if (version < 2) continue;
    EXPECT_EQ(response.nodes[0].listeners.at(0).name, "PLAINTEXT");
    EXPECT_EQ(response.nodes[0].listeners.at(0).port, broker_.port());
  }
}

TEST_F(DescribeQuorumTest, TheHighWatermarkFollowsTheMetadataLog) {
  const auto high_watermark = [&] {
    return Call("__cluster_metadata", {0}).topics.at(0).partitions.at(0).high_watermark;
  };
  const std::int64_t before = high_watermark();
  testing::CreateTopic(client_, "orders");
  EXPECT_EQ(high_watermark(), before + 2);  // the topic and its partition
}

TEST_F(DescribeQuorumTest, AnythingElseIsUnknown) {
  const std::int16_t unknown = ToWire(ErrorCode::kUnknownTopicOrPartition);
  EXPECT_EQ(Call("orders", {0}).topics.at(0).partitions.at(0).error_code, unknown);
  EXPECT_EQ(Call("__cluster_metadata", {1}).topics.at(0).partitions.at(0).error_code, unknown);
  const DescribeQuorumResponse both = Call("__cluster_metadata", {0, 1});
  ASSERT_THAT(both.topics.at(0).partitions, SizeIs(2));
  EXPECT_EQ(both.topics[0].partitions[0].error_code, unknown);
  EXPECT_THAT(both.nodes, IsEmpty());
}

}  // namespace
}  // namespace gneiss::server
