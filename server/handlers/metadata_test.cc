// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/metadata.h"

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/error_codes.h"
#include "server/broker.h"
#include "server/testing/in_process_broker.h"
#include "server/testing/raw_client.h"
#include "server/testing/topic_calls.h"

namespace gneiss::server {
namespace {

using protocol::ErrorCode;
using protocol::MetadataRequest;
using protocol::MetadataResponse;
using testing::ById;
using testing::ByName;
using testing::CreateTopic;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Metadata;
using ::testing::SizeIs;

constexpr std::int32_t kNotAsked = std::numeric_limits<std::int32_t>::min();

class MetadataTest : public ::testing::Test {
 protected:
  MetadataResponse Call(const MetadataRequest& request, std::int16_t version) {
    return client_.Call<MetadataRequest, MetadataResponse>(request, version);
  }
  // "name:error" of every topic in the answer.
  static std::vector<std::string> Topics(const MetadataResponse& response) {
    std::vector<std::string> topics;
    for (const auto& topic : response.topics) {
      topics.push_back(topic.name.value_or("(null)") + ":" + std::to_string(topic.error_code));
    }
    return topics;
  }

  testing::InProcessBroker broker_;
  testing::RawClient client_ = broker_.Connect();
};

TEST_F(MetadataTest, EveryVersionDescribesTheTopicAndThisBroker) {
  const Uuid id = CreateTopic(client_, "orders", 3);
  for (std::int16_t version = 0; version <= 13; ++version) {
    SCOPED_TRACE(version);
    const MetadataResponse response = Metadata(client_, {ByName("orders")}, version);
    ASSERT_THAT(response.brokers, SizeIs(1));
    EXPECT_EQ(response.brokers[0].node_id, 1);
    EXPECT_EQ(response.brokers[0].host, "127.0.0.1");
    EXPECT_EQ(response.brokers[0].port, broker_.port());
    EXPECT_EQ(response.controller_id, version >= 1 ? 1 : -1);
    EXPECT_EQ(response.cluster_id,
              version >= 2 ? std::optional(broker_.broker().cluster_id()) : std::nullopt);
    ASSERT_THAT(response.topics, SizeIs(1));
    EXPECT_EQ(response.topics[0].name, "orders");
    EXPECT_EQ(response.topics[0].topic_id, version >= 10 ? id : Uuid());
    EXPECT_EQ(response.topics[0].topic_authorized_operations, kNotAsked);
    ASSERT_THAT(response.topics[0].partitions, SizeIs(3));
    const auto& partition = response.topics[0].partitions[2];
    EXPECT_EQ(partition.error_code, 0);
    EXPECT_EQ(partition.partition_index, 2);
    EXPECT_EQ(partition.leader_id, 1);
    EXPECT_EQ(partition.leader_epoch, version >= 7 ? 0 : -1);
    EXPECT_THAT(partition.replica_nodes, ElementsAre(1));
    EXPECT_THAT(partition.isr_nodes, ElementsAre(1));
    EXPECT_THAT(partition.offline_replicas, IsEmpty());
  }
}

TEST_F(MetadataTest, NullMeansAllTopicsAndInVersionZeroEmptyDoes) {
  CreateTopic(client_, "b");
  CreateTopic(client_, "a");
  MetadataRequest request;
  EXPECT_THAT(Topics(Call(request, 0)), ElementsAre("a:0", "b:0"));
  for (std::int16_t version = 1; version <= 13; ++version) {
    SCOPED_TRACE(version);
    request.topics.emplace();
    EXPECT_THAT(Topics(Call(request, version)), IsEmpty());
    request.topics.reset();
    EXPECT_THAT(Topics(Call(request, version)), ElementsAre("a:0", "b:0"));
  }
}

TEST_F(MetadataTest, ANameIsAnsweredOnceHoweverOftenItIsAskedFor) {
  CreateTopic(client_, "a");
  CreateTopic(client_, "b");
  EXPECT_THAT(Topics(Metadata(client_, {ByName("b"), ByName("a"), ByName("b")})),
              ElementsAre("b:0", "a:0"));
}

TEST_F(MetadataTest, UnknownAndIllegalNamesAreToldApart) {
  EXPECT_THAT(Topics(Metadata(client_, {ByName("nope"), ByName("a b"), ByName("")})),
              ElementsAre("nope:3", "a b:17", ":17"));
}

TEST_F(MetadataTest, TopicsAreFoundByIdFromVersionTwelve) {
  const Uuid id = CreateTopic(client_, "orders");
  for (std::int16_t version = 12; version <= 13; ++version) {
    const auto unknown = Uuid::Random();
    const auto response = Metadata(client_, {ById(id), ById(id), ById(unknown)}, version);
    EXPECT_THAT(Topics(response), ElementsAre("orders:0", "(null):100"));
    EXPECT_EQ(response.topics[1].topic_id, unknown);
  }
}

TEST_F(MetadataTest, BesideAnIdBareNamesAreIgnored) {
  const Uuid id = CreateTopic(client_, "orders");
  CreateTopic(client_, "bills");
  EXPECT_THAT(Topics(Metadata(client_, {ById(id), ByName("bills")})), ElementsAre("orders:0"));
  auto both = ById(id);
  both.name = "bills";
  EXPECT_THAT(Topics(Metadata(client_, {both})), ElementsAre("orders:0"));
}

TEST_F(MetadataTest, BeforeVersionTwelveAnIdRefusesTheWholeRequest) {
  const Uuid id = CreateTopic(client_, "orders");
  for (std::int16_t version = 10; version <= 11; ++version) {
    const auto response = Metadata(client_, {ById(id), ByName("orders")}, version);
    EXPECT_THAT(Topics(response), ElementsAre(":42", "orders:42"));
    EXPECT_THAT(response.brokers, IsEmpty());
    EXPECT_EQ(response.controller_id, -1);
  }
}

TEST_F(MetadataTest, NeitherNameNorIdRefusesTheWholeRequest) {
  EXPECT_THAT(Topics(Metadata(client_, {ById(Uuid())}, 10)), ElementsAre(":42"));
  EXPECT_THAT(Topics(Metadata(client_, {ById(Uuid())}, 12)), ElementsAre(":-1"));
  EXPECT_EQ(Metadata(client_, {ById(Uuid())}, 13).error_code, -1);
}

TEST_F(MetadataTest, AuthorizedOperationsAreToldToThoseWhoAsk) {
  CreateTopic(client_, "orders");
  for (std::int16_t version = 8; version <= 13; ++version) {
    MetadataRequest request;
    request.topics = {ByName("orders")};
    request.include_topic_authorized_operations = true;
    request.include_cluster_authorized_operations = version <= 10;
    const MetadataResponse response = Call(request, version);
    EXPECT_EQ(response.topics.at(0).topic_authorized_operations, 3576);
    EXPECT_EQ(response.cluster_authorized_operations, version <= 10 ? 8096 : kNotAsked);
  }
}

// What a client of Kafka sees: the call that creates a topic does not find it yet, the next does.
TEST_F(MetadataTest, AnUnknownTopicIsCreatedButFoundByTheNextCallOnly) {
  for (const std::int16_t version : std::initializer_list<std::int16_t>{0, 3, 4, 13}) {
    const std::string name = "auto" + std::to_string(version);
    MetadataRequest request;
    request.topics = {ByName(name)};
    EXPECT_THAT(Topics(Call(request, version)), ElementsAre(name + ":3"));
    EXPECT_THAT(Topics(Call(request, version)), ElementsAre(name + ":0"));
  }
}

TEST_F(MetadataTest, NothingIsCreatedWhenTheRequestForbidsIt) {
  Metadata(client_, {ByName("orders")}, 4);
  EXPECT_THAT(Topics(Metadata(client_, {ByName("orders")})), ElementsAre("orders:3"));
}

TEST_F(MetadataTest, ATopicWhoseNameCollidesIsNotCreated) {
  CreateTopic(client_, "a.b");
  MetadataRequest request;
  request.topics = {ByName("a_b")};
  EXPECT_THAT(Topics(Call(request, 13)), ElementsAre("a_b:3"));
  EXPECT_THAT(Topics(Call(request, 13)), ElementsAre("a_b:3"));
}

TEST_F(MetadataTest, TheOffsetsTopicIsMadeWithItsOwnSettings) {
  MetadataRequest request;
  request.topics = {ByName("__consumer_offsets")};
  Call(request, 13);
  const MetadataResponse response = Call(request, 13);
  EXPECT_TRUE(response.topics.at(0).is_internal);
  EXPECT_THAT(response.topics.at(0).partitions, SizeIs(50));
}

// Their features are not served, so nothing would read or write them.
TEST_F(MetadataTest, InternalTopicsOfFeaturesThatAreNotServedAreNotMade) {
  MetadataRequest request;
  request.topics = {ByName("__transaction_state"), ByName("__share_group_state")};
  Call(request, 13);
  EXPECT_THAT(Topics(Call(request, 13)),
              ElementsAre("__transaction_state:3", "__share_group_state:3"));
}

TEST(MetadataConfigTest, AutoCreationUsesTheBrokersDefaultsAndCanBeSwitchedOff) {
  testing::InProcessBroker broker({.properties = {{"num.partitions", "3"}}});
  testing::RawClient client = broker.Connect();
  MetadataRequest request;
  request.topics = {ByName("orders")};
  client.Call<MetadataRequest, MetadataResponse>(request, 12);
  EXPECT_THAT(Metadata(client, {ByName("orders")}).topics.at(0).partitions, SizeIs(3));

  testing::InProcessBroker strict({.properties = {{"auto.create.topics.enable", "false"}}});
  testing::RawClient other = strict.Connect();
  other.Call<MetadataRequest, MetadataResponse>(request, 12);
  EXPECT_EQ(Metadata(other, {ByName("orders")}).topics.at(0).error_code, 3);
}

TEST(MetadataConfigTest, AnAdvertisedListenerWinsOverTheConnectionsAddress) {
  testing::InProcessBroker broker(
      {.properties = {{"advertised.listeners", "PLAINTEXT://kafka.example:19092"},
                      {"broker.rack", "r1"}}});
  testing::RawClient client = broker.Connect();
  const MetadataResponse response = Metadata(client, {});
  EXPECT_EQ(response.brokers.at(0).host, "kafka.example");
  EXPECT_EQ(response.brokers.at(0).port, 19092);
  EXPECT_EQ(response.brokers.at(0).rack, "r1");
}

TEST_F(MetadataTest, TopicsAndIdsSurviveARestart) {
  const Uuid id = CreateTopic(client_, "orders", 3);
  const std::string cluster_id = broker_.broker().cluster_id();
  broker_.Restart();
  testing::RawClient client = broker_.Connect();
  const MetadataResponse response = Metadata(client, {ByName("orders")});
  EXPECT_EQ(response.topics.at(0).topic_id, id);
  EXPECT_THAT(response.topics.at(0).partitions, SizeIs(3));
  EXPECT_EQ(response.cluster_id, cluster_id);
}

}  // namespace
}  // namespace gneiss::server
