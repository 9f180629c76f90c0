// SPDX-License-Identifier: Apache-2.0
// The checks themselves are tested in metadata/topic_plans_test.cc; here is what the wire adds.
#include "server/handlers/delete_topics.h"

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

using protocol::DeleteTopicsRequest;
using protocol::DeleteTopicsResponse;
using protocol::ErrorCode;
using testing::ByName;
using testing::CreateTopic;
using testing::Metadata;
using ::testing::SizeIs;

class DeleteTopicsTest : public ::testing::Test {
 protected:
  DeleteTopicsResponse Delete(const DeleteTopicsRequest& request, std::int16_t version) {
    return client_.Call<DeleteTopicsRequest, DeleteTopicsResponse>(request, version);
  }
  DeleteTopicsResponse DeleteByName(const std::string& name, std::int16_t version) {
    DeleteTopicsRequest request;
    request.timeout_ms = 1000;
    if (version >= 6) {
      request.topics.emplace_back().name = name;
    } else {
      request.topic_names = {name};
    }
    return Delete(request, version);
  }

  testing::InProcessBroker broker_;
  testing::RawClient client_ = broker_.Connect();
};

TEST_F(DeleteTopicsTest, EveryVersionDeletesByName) {
  for (std::int16_t version = 1; version <= 6; ++version) {
    SCOPED_TRACE(version);
    const Uuid id = CreateTopic(client_, "orders");
    const auto response = DeleteByName("orders", version);
    ASSERT_THAT(response.responses, SizeIs(1));
    EXPECT_EQ(response.responses[0].name, "orders");
    EXPECT_EQ(response.responses[0].error_code, 0);
    EXPECT_EQ(response.responses[0].error_message, std::nullopt);
    EXPECT_EQ(response.responses[0].topic_id, version >= 6 ? id : Uuid());
    EXPECT_EQ(Metadata(client_, {ByName("orders")}).topics.at(0).error_code, 3);
  }
}

TEST_F(DeleteTopicsTest, EveryVersionTellsAnUnknownName) {
  for (std::int16_t version = 1; version <= 6; ++version) {
    SCOPED_TRACE(version);
    const auto response = DeleteByName("nope", version);
    EXPECT_EQ(response.responses.at(0).error_code, ToWire(ErrorCode::kUnknownTopicOrPartition));
    EXPECT_EQ(response.responses.at(0).error_message.has_value(), version >= 5);
  }
}

TEST_F(DeleteTopicsTest, VersionSixDeletesById) {
  DeleteTopicsRequest request;
  request.timeout_ms = 1000;
  auto& topic = request.topics.emplace_back();
  topic.name = std::nullopt;
  topic.topic_id = CreateTopic(client_, "orders");
  const auto response = Delete(request, 6);
  EXPECT_EQ(response.responses.at(0).error_code, 0);
  EXPECT_EQ(response.responses.at(0).name, "orders");
  EXPECT_EQ(Delete(request, 6).responses.at(0).error_code, ToWire(ErrorCode::kUnknownTopicId));
}

TEST_F(DeleteTopicsTest, ADeletedPartitionIsNoLongerServedWhenTheAnswerArrives) {
  CreateTopic(client_, "orders");
  const PartitionPtr before = broker_.broker().partitions().Find("orders", PartitionId(0));
  DeleteByName("orders", 6);
  EXPECT_EQ(broker_.broker().partitions().Find("orders", PartitionId(0)), nullptr);
  // Who still holds the log is told so.
  EXPECT_EQ(before->log->BeginLeaderEpoch(LeaderEpoch(9)).error().code, Errc::kNotFound);
}

TEST_F(DeleteTopicsTest, ATopicMadeAgainIsAnotherOne) {
  const Uuid old_id = CreateTopic(client_, "orders", 1, {{"max.message.bytes", "1234"}});
  DeleteByName("orders", 6);
  const Uuid new_id = CreateTopic(client_, "orders");
  EXPECT_NE(new_id, old_id);
  const PartitionPtr partition = broker_.broker().partitions().Find("orders", PartitionId(0));
  EXPECT_EQ(partition->topic_id, new_id);
  EXPECT_EQ(partition->config->max_message_bytes, TopicConfig().max_message_bytes);
}

TEST_F(DeleteTopicsTest, ADeletedTopicStaysAwayAfterARestart) {
  CreateTopic(client_, "orders");
  DeleteByName("orders", 6);
  broker_.Restart();
  testing::RawClient client = broker_.Connect();
  EXPECT_EQ(Metadata(client, {ByName("orders")}).topics.at(0).error_code, 3);
  EXPECT_EQ(broker_.broker().partitions().Find("orders", PartitionId(0)), nullptr);
}

TEST(DeleteTopicsConfigTest, DeletionThatIsSwitchedOffHasACodeFromVersionThree) {
  testing::InProcessBroker broker({.properties = {{"delete.topic.enable", "false"}}});
  testing::RawClient client = broker.Connect();
  CreateTopic(client, "orders");
  DeleteTopicsRequest request;
  request.topic_names = {"orders"};
  request.timeout_ms = 1000;
  const auto call = [&](std::int16_t version) {
    const auto response = client.Call<DeleteTopicsRequest, DeleteTopicsResponse>(request, version);
    return protocol::ErrorCodeFromWire(response.responses.at(0).error_code);
  };
  EXPECT_EQ(call(2), ErrorCode::kInvalidRequest);
  EXPECT_EQ(call(3), ErrorCode::kTopicDeletionDisabled);
  EXPECT_EQ(Metadata(client, {ByName("orders")}).topics.at(0).error_code, 0);
}

}  // namespace
}  // namespace gneiss::server
