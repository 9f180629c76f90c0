// SPDX-License-Identifier: Apache-2.0
// A topic cloned by CreateTopics with gneiss.clone.source; the engine's part is tested in
// engine/clone/clone_test.cc.
#include <future>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/messages/describe_configs.h"
#include "protocol/messages/incremental_alter_configs.h"
#include "server/broker.h"
#include "server/partition_table.h"
#include "server/testing/data_test.h"
#include "server/testing/topic_calls.h"

namespace gneiss::server {
namespace {

using protocol::ErrorCode;
using ::testing::HasSubstr;
using testing::NewTopic;

class CloneTopicTest : public testing::DataTest {
 protected:
  protocol::CreateTopicsResponse::CreatableTopicResult Clone(const std::string& name,
                                                             const ConfigMap& configs,
                                                             std::int32_t partitions = -1,
                                                             bool validate_only = false) {
    protocol::CreateTopicsRequest request;
    request.topics = {NewTopic(name, partitions, configs)};
    request.validate_only = validate_only;
    return client_.Call<protocol::CreateTopicsRequest, protocol::CreateTopicsResponse>(request, 7)
        .topics.at(0);
  }
  std::int64_t EndOf(const std::string& topic, int partition) {
    return Fetch(topic, 0, partition).high_watermark;
  }
  // The setting as DescribeConfigs tells it, and whether it is read-only.
  std::optional<std::pair<std::string, bool>> Described(const std::string& topic,
                                                        const std::string& key) {
    protocol::DescribeConfigsRequest request;
    auto& resource = request.resources.emplace_back();
    resource.resource_type = 2;
    resource.resource_name = topic;
    resource.configuration_keys = std::nullopt;  // all
    const auto response =
        client_.Call<protocol::DescribeConfigsRequest, protocol::DescribeConfigsResponse>(request,
                                                                                          4);
    for (const auto& config : response.results.at(0).configs) {
      if (config.name == key) return std::pair(config.value.value_or(""), config.read_only);
    }
    return std::nullopt;
  }
  void Restart() {
    broker_.Restart();
    client_ = broker_.Connect();
  }
};

TEST_F(CloneTopicTest, HoldsWhatItsSourceHeldAndIsNotClonedAgainAtARestart) {
  CreateTopic("orders", 2);
  Append("orders", {"a", "b"}, 0);
  Append("orders", {"c"}, 1);
  const auto clone = Clone("copy", {{"gneiss.clone.source", "orders"}});
  ASSERT_EQ(clone.error_code, 0) << clone.error_message.value_or("");
  EXPECT_EQ(clone.num_partitions, 2);
  EXPECT_EQ(EndOf("copy", 0), 2);
  EXPECT_EQ(EndOf("copy", 1), 1);
  EXPECT_EQ(Append("orders", {"later"}, 0), 2);
  EXPECT_EQ(Append("copy", {"its own", "two"}, 0), 2);
  Restart();
  EXPECT_EQ(EndOf("orders", 0), 3);
  EXPECT_EQ(EndOf("copy", 0), 4);
  EXPECT_EQ(EndOf("copy", 1), 1);
}

TEST_F(CloneTopicTest, EndsWhereItIsTold) {
  CreateTopic("orders");
  for (int i = 0; i < 5; ++i) Append("orders", {"x"}, 0, {.timestamp = 1'700'000'000'000 + i});
  EXPECT_EQ(Clone("by-offset", {{"gneiss.clone.source", "orders"}, {"gneiss.clone.at", "offset:2"}})
                .error_code,
            0);
  EXPECT_EQ(EndOf("by-offset", 0), 2);
  EXPECT_EQ(Clone("by-time", {{"gneiss.clone.source", "orders"},
                              {"gneiss.clone.at", "timestamp:1700000000003"}})
                .error_code,
            0);
  EXPECT_EQ(EndOf("by-time", 0), 3);
}

TEST_F(CloneTopicTest, SaysInItsConfigsWhereItCameFrom) {
  CreateTopic("orders");
  ASSERT_EQ(Clone("copy", {{"gneiss.clone.source", "orders"}, {"retention.ms", "-1"}}).error_code,
            0);
  EXPECT_EQ(Described("copy", "gneiss.clone.source"),
            (std::pair<std::string, bool>("orders", true)));
  EXPECT_EQ(Described("copy", "retention.ms"), (std::pair<std::string, bool>("-1", false)));
  EXPECT_EQ(Described("copy", "gneiss.clone.at"), std::nullopt);
  EXPECT_EQ(Described("orders", "gneiss.clone.source"), std::nullopt);

  protocol::IncrementalAlterConfigsRequest request;
  auto& resource = request.resources.emplace_back();
  resource.resource_type = 2;
  resource.resource_name = "orders";
  resource.configs = {{.name = "gneiss.clone.source", .config_operation = 0, .value = "copy"}};
  const auto altered = client_.Call<protocol::IncrementalAlterConfigsRequest,
                                    protocol::IncrementalAlterConfigsResponse>(request, 1);
  EXPECT_EQ(altered.responses.at(0).error_code, ToWire(ErrorCode::kInvalidConfig));
}

TEST_F(CloneTopicTest, WhatCannotBeClonedIsRefusedAndLeavesNothing) {
  CreateTopic("orders", 2);
  Append("orders", {"a"});
  struct Case {
    ConfigMap configs;
    std::int32_t partitions;
    ErrorCode code;
    const char* message;
  };
  const Case cases[] = {
      {{{"gneiss.clone.source", "nothing"}}, -1, ErrorCode::kInvalidConfig, "no topic nothing"},
      {{{"gneiss.clone.at", "latest"}}, -1, ErrorCode::kInvalidConfig, "needs gneiss.clone.source"},
      {{{"gneiss.clone.source", "orders"}, {"gneiss.clone.at", "offset:"}},
       -1,
       ErrorCode::kInvalidConfig,
       "must be latest, offset:N or timestamp:MS"},
      {{{"gneiss.clone.source", "orders"}, {"gneiss.clone.at", "offset:-1"}},
       -1,
       ErrorCode::kInvalidConfig,
       "must be latest"},
      {{{"gneiss.clone.source", "orders"}}, 3, ErrorCode::kInvalidPartitions, "has 2 partitions"},
  };
  for (const Case& c : cases) {
    const auto refused = Clone("copy", c.configs, c.partitions);
    EXPECT_EQ(refused.error_code, ToWire(c.code));
    EXPECT_THAT(refused.error_message.value_or(""), HasSubstr(c.message));
  }
  EXPECT_EQ(Clone("copy", {{"gneiss.clone.source", "orders"}}, 2, true).error_code,
            0);  // validated
  EXPECT_EQ(Clone("copy", {{"gneiss.clone.source", "orders"}}, 2).error_code, 0);
}

// The plan passes, the engine refuses: the topic is not made.
TEST_F(CloneTopicTest, AFailedCloneIsNoTopic) {
  CreateTopic("orders");
  for (int i = 0; i < 3; ++i) Append("orders", {"x"}, 0, {.timestamp = kNoTimestamp});
  std::promise<void> moved;
  broker_.broker()
      .partitions()
      .Find("orders", PartitionId(0))
      ->log->AdvanceLogStart(Offset(2), [&](const Result<Offset>&) { moved.set_value(); });
  moved.get_future().wait();
  const auto refused =
      Clone("copy", {{"gneiss.clone.source", "orders"}, {"gneiss.clone.at", "offset:1"}});
  EXPECT_EQ(refused.error_code, ToWire(ErrorCode::kInvalidConfig));
  EXPECT_THAT(refused.error_message.value_or(""), HasSubstr("begins at offset 2"));
  EXPECT_EQ(testing::Metadata(client_, {testing::ByName("copy")}).topics.at(0).error_code,
            ToWire(ErrorCode::kUnknownTopicOrPartition));
}

}  // namespace
}  // namespace gneiss::server
