// SPDX-License-Identifier: Apache-2.0
// The table of a whole broker, driven through the wire. What creation, growth and deletion do to it
// is in handlers/create_topics_test.cc and its neighbours.
#include "server/partition_table.h"

#include <cstdint>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "protocol/messages/incremental_alter_configs.h"
#include "server/broker.h"
#include "server/testing/in_process_broker.h"
#include "server/testing/raw_client.h"
#include "server/testing/topic_calls.h"

namespace gneiss::server {
namespace {

constexpr std::int8_t kTopic = 2;
constexpr std::int8_t kBroker = 4;

class PartitionTableTest : public ::testing::Test {
 protected:
  PartitionPtr Find(const std::string& topic, std::int32_t partition) {
    return broker_.broker().partitions().Find(topic, PartitionId(partition));
  }

  // No value deletes the setting.
  void Alter(std::int8_t type, const std::string& resource_name, const std::string& name,
             const std::optional<std::string>& value) {
    using protocol::IncrementalAlterConfigsRequest;
    using protocol::IncrementalAlterConfigsResponse;
    IncrementalAlterConfigsRequest request;
    auto& resource = request.resources.emplace_back();
    resource.resource_type = type;
    resource.resource_name = resource_name;
    auto& config = resource.configs.emplace_back();
    config.name = name;
    config.config_operation = value ? 0 : 1;
    config.value = value;
    const auto response =
        client_.Call<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse>(request, 1);
    ASSERT_EQ(response.responses.at(0).error_code, 0)
        << response.responses[0].error_message.value_or("");
  }

  testing::InProcessBroker broker_;
  testing::RawClient client_ = broker_.Connect();
};

TEST_F(PartitionTableTest, AChangedConfigReplacesTheEntryAndKeepsTheLog) {
  testing::CreateTopic(client_, "orders", 2);
  testing::CreateTopic(client_, "bills");
  const PartitionPtr before = Find("orders", 1);
  const PartitionPtr other = Find("bills", 0);
  Alter(kTopic, "orders", "max.message.bytes", "1234");
  const PartitionPtr after = Find("orders", 1);
  EXPECT_EQ(after->config->max_message_bytes, 1234);
  EXPECT_EQ(after->log, before->log);
  EXPECT_EQ(before->config->max_message_bytes, TopicConfig().max_message_bytes);
  EXPECT_EQ(Find("bills", 0), other);  // untouched
}

TEST_F(PartitionTableTest, ABrokerWideDefaultShowsThroughWhereATopicHasNoOwnSetting) {
  testing::CreateTopic(client_, "orders");
  testing::CreateTopic(client_, "bills", 1, {{"max.message.bytes", "1234"}});
  Alter(kBroker, "", "message.max.bytes", "5678");
  EXPECT_EQ(Find("orders", 0)->config->max_message_bytes, 5678);
  EXPECT_EQ(Find("bills", 0)->config->max_message_bytes, 1234);
  Alter(kBroker, "1", "message.max.bytes", "9012");
  EXPECT_EQ(Find("orders", 0)->config->max_message_bytes, 9012);
  Alter(kBroker, "1", "message.max.bytes", std::nullopt);
  Alter(kTopic, "bills", "max.message.bytes", std::nullopt);
  EXPECT_EQ(Find("orders", 0)->config->max_message_bytes, 5678);
  EXPECT_EQ(Find("bills", 0)->config->max_message_bytes, 5678);
}

TEST_F(PartitionTableTest, ChangedConfigsSurviveARestart) {
  testing::CreateTopic(client_, "orders");
  Alter(kTopic, "orders", "retention.ms", "77");
  Alter(kBroker, "", "message.max.bytes", "5678");
  broker_.Restart();
  EXPECT_EQ(Find("orders", 0)->config->retention_ms, 77);
  EXPECT_EQ(Find("orders", 0)->config->max_message_bytes, 5678);
}

TEST_F(PartitionTableTest, ThePartitionsOfATopicShareItsConfig) {
  testing::CreateTopic(client_, "orders", 2);
  EXPECT_EQ(Find("orders", 0)->config, Find("orders", 1)->config);
}

}  // namespace
}  // namespace gneiss::server
