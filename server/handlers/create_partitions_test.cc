// SPDX-License-Identifier: Apache-2.0
// The checks themselves are tested in metadata/topic_plans_test.cc; here is what the wire adds.
#include "server/handlers/create_partitions.h"

#include <cstdint>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/error_codes.h"
#include "server/broker.h"
#include "server/partition_table.h"
#include "server/testing/in_process_broker.h"
#include "server/testing/raw_client.h"
#include "server/testing/topic_calls.h"

namespace gneiss::server {
namespace {

using protocol::CreatePartitionsRequest;
using protocol::CreatePartitionsResponse;
using protocol::ErrorCode;
using testing::ByName;
using testing::CreateTopic;
using testing::Metadata;
using ::testing::SizeIs;

class CreatePartitionsTest : public ::testing::Test {
 protected:
  CreatePartitionsResponse Grow(const std::string& topic, std::int32_t count, std::int16_t version,
                                bool validate_only = false) {
    CreatePartitionsRequest request;
    request.timeout_ms = 1000;
    request.validate_only = validate_only;
    auto& grown = request.topics.emplace_back();
    grown.name = topic;
    grown.count = count;
    grown.assignments = std::nullopt;
    return client_.Call<CreatePartitionsRequest, CreatePartitionsResponse>(request, version);
  }

  testing::InProcessBroker broker_;
  testing::RawClient client_ = broker_.Connect();
};

TEST_F(CreatePartitionsTest, EveryVersionAddsPartitionsThatAreServedAtOnce) {
  CreateTopic(client_, "orders", 1, {{"max.message.bytes", "1234"}});
  const auto first = broker_.broker().partitions().Find("orders", PartitionId(0))->log;
  for (std::int16_t version = 0; version <= 3; ++version) {
    SCOPED_TRACE(version);
    const auto response = Grow("orders", version + 2, version);
    ASSERT_THAT(response.results, SizeIs(1));
    EXPECT_EQ(response.results[0].name, "orders");
    EXPECT_EQ(response.results[0].error_code, 0);
    EXPECT_EQ(response.results[0].error_message, std::nullopt);
    const PartitionPtr added =
        broker_.broker().partitions().Find("orders", PartitionId(version + 1));
    ASSERT_NE(added, nullptr);
    EXPECT_EQ(added->config->max_message_bytes, 1234);
  }
  EXPECT_THAT(Metadata(client_, {ByName("orders")}).topics.at(0).partitions, SizeIs(5));
  // The partitions that were there keep their logs.
  EXPECT_EQ(broker_.broker().partitions().Find("orders", PartitionId(0))->log, first);
}

TEST_F(CreatePartitionsTest, EveryVersionTellsErrors) {
  CreateTopic(client_, "orders", 2);
  for (std::int16_t version = 0; version <= 3; ++version) {
    EXPECT_EQ(Grow("orders", 2, version).results.at(0).error_code,
              ToWire(ErrorCode::kInvalidPartitions));
    EXPECT_EQ(Grow("nope", 2, version).results.at(0).error_code,
              ToWire(ErrorCode::kUnknownTopicOrPartition));
  }
}

TEST_F(CreatePartitionsTest, ValidateOnlyAddsNothing) {
  CreateTopic(client_, "orders", 2);
  EXPECT_EQ(Grow("orders", 5, 3, /*validate_only=*/true).results.at(0).error_code, 0);
  EXPECT_THAT(Metadata(client_, {ByName("orders")}).topics.at(0).partitions, SizeIs(2));
}

TEST_F(CreatePartitionsTest, AddedPartitionsSurviveARestart) {
  CreateTopic(client_, "orders", 2);
  Grow("orders", 5, 3);
  broker_.Restart();
  EXPECT_NE(broker_.broker().partitions().Find("orders", PartitionId(4)), nullptr);
}

}  // namespace
}  // namespace gneiss::server
