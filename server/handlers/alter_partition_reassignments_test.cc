// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/alter_partition_reassignments.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/error_codes.h"
#include "protocol/messages/list_partition_reassignments.h"
#include "server/testing/in_process_broker.h"
#include "server/testing/raw_client.h"
#include "server/testing/topic_calls.h"

namespace gneiss::server {
namespace {

using protocol::AlterPartitionReassignmentsRequest;
using protocol::AlterPartitionReassignmentsResponse;
using protocol::ErrorCode;
using ::testing::IsEmpty;
using Replicas = std::optional<std::vector<std::int32_t>>;

class ReassignmentsTest : public ::testing::Test {
 protected:
  ReassignmentsTest() { testing::CreateTopic(client_, "orders"); }

  AlterPartitionReassignmentsResponse Call(const std::string& topic, std::int32_t partition,
                                           const Replicas& replicas, std::int16_t version = 1,
                                           std::int32_t timeout_ms = 10'000) {
    AlterPartitionReassignmentsRequest request;
    request.timeout_ms = timeout_ms;
    request.topics.push_back({topic, {{partition, replicas}}});
    return client_.Call<AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse>(
        request, version);
  }
  ErrorCode Reassign(const std::string& topic, std::int32_t partition, const Replicas& replicas,
                     std::int16_t version = 1) {
    const AlterPartitionReassignmentsResponse response = Call(topic, partition, replicas, version);
    EXPECT_EQ(response.error_code, 0);
    return protocol::ErrorCodeFromWire(response.responses.at(0).partitions.at(0).error_code);
  }

  testing::InProcessBroker broker_;
  testing::RawClient client_ = broker_.Connect();
};

TEST_F(ReassignmentsTest, APartitionMayStayWhereItIs) {
  for (std::int16_t version = 0; version <= 1; ++version) {
    EXPECT_EQ(Reassign("orders", 0, Replicas({1}), version), ErrorCode::kNone);
  }
}

TEST_F(ReassignmentsTest, OtherAssignmentsAreRefused) {
  EXPECT_EQ(Reassign("orders", 0, Replicas({9})), ErrorCode::kInvalidReplicaAssignment);
  EXPECT_EQ(Reassign("orders", 0, Replicas({1, 2})), ErrorCode::kInvalidReplicaAssignment);
  EXPECT_EQ(Reassign("orders", 0, Replicas({1, 1})), ErrorCode::kInvalidReplicaAssignment);
  EXPECT_EQ(Reassign("orders", 0, Replicas({-1})), ErrorCode::kInvalidReplicaAssignment);
  EXPECT_EQ(Reassign("orders", 0, Replicas(std::in_place)), ErrorCode::kInvalidReplicaAssignment);
  EXPECT_EQ(Reassign("orders", 7, Replicas({1})), ErrorCode::kUnknownTopicOrPartition);
  EXPECT_EQ(Reassign("nope", 0, Replicas({1})), ErrorCode::kUnknownTopicOrPartition);
}

TEST_F(ReassignmentsTest, ThereIsNothingToCancelOrToList) {
  EXPECT_EQ(Reassign("orders", 0, std::nullopt), ErrorCode::kNoReassignmentInProgress);
  const auto listed = client_.Call<protocol::ListPartitionReassignmentsRequest,
                                   protocol::ListPartitionReassignmentsResponse>({}, 0);
  EXPECT_EQ(listed.error_code, 0);
  EXPECT_THAT(listed.topics, IsEmpty());
}

TEST_F(ReassignmentsTest, WithoutTimeNothingIsTried) {
  const AlterPartitionReassignmentsResponse response = Call("orders", 0, Replicas({1}), 1, 0);
  EXPECT_EQ(response.error_code, ToWire(ErrorCode::kRequestTimedOut));
  EXPECT_EQ(response.responses.at(0).partitions.at(0).error_code,
            ToWire(ErrorCode::kRequestTimedOut));
}

}  // namespace
}  // namespace gneiss::server
