// SPDX-License-Identifier: Apache-2.0
// The checks themselves are tested in metadata/topic_plans_test.cc; here is what the wire adds.
#include "server/handlers/create_topics.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

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

using protocol::CreateTopicsRequest;
using protocol::CreateTopicsResponse;
using protocol::ErrorCode;
using testing::ByName;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Metadata;
using testing::NewTopic;
using ::testing::SizeIs;

class CreateTopicsTest : public ::testing::Test {
 protected:
  CreateTopicsResponse Create(std::vector<CreateTopicsRequest::CreatableTopic> topics,
                              std::int16_t version = 7) {
    CreateTopicsRequest request;
    request.topics = std::move(topics);
    return client_.Call<CreateTopicsRequest, CreateTopicsResponse>(request, version);
  }
  PartitionPtr Find(const std::string& topic, std::int32_t partition) {
    return broker_.broker().partitions().Find(topic, PartitionId(partition));
  }

  testing::InProcessBroker broker_;
  testing::RawClient client_ = broker_.Connect();
};

TEST_F(CreateTopicsTest, EveryVersionCreates) {
  for (std::int16_t version = 2; version <= 7; ++version) {
    SCOPED_TRACE(version);
    const std::string name = "topic" + std::to_string(version);
    const auto response = Create({NewTopic(name, 2, {{"retention.ms", "5000"}})}, version);
    ASSERT_THAT(response.topics, SizeIs(1));
    const auto& topic = response.topics[0];
    EXPECT_EQ(topic.name, name);
    EXPECT_EQ(topic.error_code, 0);
    EXPECT_EQ(topic.error_message, std::nullopt);
    EXPECT_EQ(topic.num_partitions, version >= 5 ? 2 : -1);
    EXPECT_EQ(topic.replication_factor, version >= 5 ? 1 : -1);
    EXPECT_EQ(topic.configs->size(), version >= 5 ? 33U : 0U);  // all that Kafka 4.3 has
    EXPECT_EQ(topic.topic_id.IsZero(), version < 7);
    EXPECT_NE(Find(name, 1), nullptr);
  }
}

TEST_F(CreateTopicsTest, EveryVersionTellsAnErrorWithAMessage) {
  testing::CreateTopic(client_, "orders");
  for (std::int16_t version = 2; version <= 7; ++version) {
    SCOPED_TRACE(version);
    const auto response = Create({NewTopic("orders")}, version);
    EXPECT_EQ(response.topics.at(0).error_code, ToWire(ErrorCode::kTopicAlreadyExists));
    EXPECT_NE(response.topics.at(0).error_message.value_or(""), "");
    EXPECT_EQ(response.topics.at(0).num_partitions, -1);
    EXPECT_THAT(*response.topics.at(0).configs, IsEmpty());
  }
}

// The answer comes after the partition table has opened the logs, so a client may produce at once.
TEST_F(CreateTopicsTest, ACreatedPartitionIsServedWhenTheAnswerArrives) {
  const Uuid id = testing::CreateTopic(client_, "orders", 3, {{"max.message.bytes", "1234"}});
  const PartitionPtr partition = Find("orders", 2);
  ASSERT_NE(partition, nullptr);
  EXPECT_EQ(partition->topic_id, id);
  EXPECT_EQ(partition->leader_epoch, LeaderEpoch(0));
  EXPECT_EQ(partition->config->max_message_bytes, 1234);
  EXPECT_EQ(partition->log->leader_epoch(), LeaderEpoch(0));
  EXPECT_EQ(Find("orders", 3), nullptr);
  EXPECT_EQ(Find("orders", -1), nullptr);
}

TEST_F(CreateTopicsTest, ValidateOnlyCreatesNothing) {
  CreateTopicsRequest request;
  request.topics = {NewTopic("orders", 3)};
  request.validate_only = true;
  const auto response = client_.Call<CreateTopicsRequest, CreateTopicsResponse>(request, 7);
  EXPECT_EQ(response.topics.at(0).error_code, 0);
  EXPECT_EQ(response.topics.at(0).num_partitions, 3);
  EXPECT_EQ(Metadata(client_, {ByName("orders")}).topics.at(0).error_code, 3);
}

TEST_F(CreateTopicsTest, ConfigsSurviveARestart) {
  const Uuid id = testing::CreateTopic(client_, "orders", 2, {{"max.message.bytes", "1234"}});
  broker_.Restart();
  const PartitionPtr partition = Find("orders", 1);
  ASSERT_NE(partition, nullptr);
  EXPECT_EQ(partition->topic_id, id);
  EXPECT_EQ(partition->config->max_message_bytes, 1234);
}

TEST_F(CreateTopicsTest, ManyClientsAtOnceGetOneTopicEach) {
  std::vector<testing::RawClient> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(broker_.Connect());
  for (std::size_t i = 0; i < clients.size(); ++i) {
    CreateTopicsRequest request;
    request.topics = {NewTopic("topic" + std::to_string(i % 10))};  // each name twice
    clients[i].Send(request, 7);
  }
  int created = 0;
  int existing = 0;
  for (testing::RawClient& client : clients) {
    const auto response = client.Receive<CreateTopicsResponse>(7);
    const ErrorCode code = protocol::ErrorCodeFromWire(response.topics.at(0).error_code);
    created += code == ErrorCode::kNone ? 1 : 0;
    existing += code == ErrorCode::kTopicAlreadyExists ? 1 : 0;
  }
  EXPECT_EQ(created, 10);
  EXPECT_EQ(existing, 10);
}

}  // namespace
}  // namespace gneiss::server
