// SPDX-License-Identifier: Apache-2.0
// DescribeConfigs, IncrementalAlterConfigs and AlterConfigs over a socket. The rules of single
// values are tested in server/config.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include <glog/logging.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/error_codes.h"
#include "protocol/messages/alter_configs.h"
#include "protocol/messages/describe_configs.h"
#include "protocol/messages/incremental_alter_configs.h"
#include "server/broker.h"
#include "server/config/config_schema.h"
#include "server/limits.h"
#include "server/partition_table.h"
#include "server/testing/in_process_broker.h"
#include "server/testing/raw_client.h"
#include "server/testing/topic_calls.h"

namespace gneiss::server {
namespace {

using protocol::AlterConfigsRequest;
using protocol::AlterConfigsResponse;
using protocol::DescribeConfigsRequest;
using protocol::DescribeConfigsResponse;
using protocol::ErrorCode;
using protocol::IncrementalAlterConfigsRequest;
using protocol::IncrementalAlterConfigsResponse;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::int8_t kTopic = 2;
constexpr std::int8_t kBroker = 4;
constexpr std::int8_t kLogger = 8;
constexpr std::int8_t kClientMetrics = 16;
constexpr std::int8_t kGroup = 32;
constexpr std::int8_t kSet = 0;
constexpr std::int8_t kDelete = 1;

class ConfigHandlersTest : public ::testing::Test {
 protected:
  using Result = DescribeConfigsResponse::DescribeConfigsResult;
  using Entry = DescribeConfigsResponse::DescribeConfigsResourceResult;

  Result Describe(std::int8_t type, const std::string& name, std::int16_t version = 4,
                  std::optional<std::vector<std::string>> keys = std::nullopt) {
    DescribeConfigsRequest request;
    auto& resource = request.resources.emplace_back();
    resource.resource_type = type;
    resource.resource_name = name;
    resource.configuration_keys = std::move(keys);
    request.include_synonyms = true;
    return client_.Call<DescribeConfigsRequest, DescribeConfigsResponse>(request, version)
        .results.at(0);
  }

  static const Entry& Named(const Result& result, const std::string& name) {
    const auto found = std::ranges::find(result.configs, name, &Entry::name);
    EXPECT_NE(found, result.configs.end()) << name;
    return *found;
  }

  ErrorCode Alter(std::int8_t type, const std::string& resource, std::int8_t operation,
                  const std::string& name, std::optional<std::string> value,
                  bool validate_only = false, std::int16_t version = 1) {
    IncrementalAlterConfigsRequest request;
    request.validate_only = validate_only;
    auto& altered = request.resources.emplace_back();
    altered.resource_type = type;
    altered.resource_name = resource;
    altered.configs.push_back({name, operation, std::move(value)});
    const auto response =
        client_.Call<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse>(request,
                                                                                      version);
    return protocol::ErrorCodeFromWire(response.responses.at(0).error_code);
  }

  ErrorCode Replace(const std::string& resource, const ConfigMap& configs, std::int16_t version,
                    std::int8_t type = kTopic) {
    AlterConfigsRequest request;
    auto& altered = request.resources.emplace_back();
    altered.resource_type = type;
    altered.resource_name = resource;
    for (const auto& [name, value] : configs) altered.configs.push_back({name, value});
    const auto response = client_.Call<AlterConfigsRequest, AlterConfigsResponse>(request, version);
    return protocol::ErrorCodeFromWire(response.responses.at(0).error_code);
  }

  testing::InProcessBroker broker_;
  testing::RawClient client_ = broker_.Connect();
};

TEST_F(ConfigHandlersTest, DocumentationIsNullUnlessItIsAskedFor) {
  EXPECT_FALSE(Named(Describe(kBroker, "1"), "log.retention.ms").documentation.has_value());
}

TEST_F(ConfigHandlersTest, EveryVersionDescribesATopicWithSourcesAndSynonyms) {
  testing::CreateTopic(client_, "orders", 1, {{"retention.ms", "5000"}});
  for (std::int16_t version = 1; version <= 4; ++version) {
    SCOPED_TRACE(version);
    const Result result = Describe(kTopic, "orders", version);
    EXPECT_EQ(result.error_code, 0);
    EXPECT_THAT(result.configs, SizeIs(TopicKeys().size()));
    const Entry& own = Named(result, "retention.ms");
    EXPECT_EQ(own.value, "5000");
    EXPECT_EQ(own.config_source, 1);
    EXPECT_EQ(own.synonyms.at(0).name, "retention.ms");
    const Entry& inherited = Named(result, "max.message.bytes");
    EXPECT_EQ(inherited.value, "1048588");
    EXPECT_EQ(inherited.config_source, 5);
    EXPECT_EQ(inherited.synonyms.at(0).name, "message.max.bytes");
    EXPECT_EQ(inherited.config_type, version >= 3 ? 3 : 0);
  }
}

TEST_F(ConfigHandlersTest, OnlyTheKeysAskedForAreAnsweredAndUnknownOnesAreLeftOut) {
  testing::CreateTopic(client_, "orders");
  const Result result =
      Describe(kTopic, "orders", 4, std::vector<std::string>{"segment.bytes", "no.such.key"});
  ASSERT_THAT(result.configs, SizeIs(1));
  EXPECT_EQ(result.configs[0].name, "segment.bytes");
}

TEST_F(ConfigHandlersTest, TheBrokerTellsItsSettingsAndTheClusterItsDynamicDefaults) {
  const Result own = Describe(kBroker, "1");
  EXPECT_THAT(own.configs, SizeIs(BrokerKeys().size()));
  EXPECT_EQ(Named(own, "node.id").value, "1");
  EXPECT_TRUE(Named(own, "node.id").read_only);
  ASSERT_THAT(Describe(kBroker, "").configs, SizeIs(1));  // what eligible leader replicas ask for
  EXPECT_EQ(Named(Describe(kBroker, ""), "min.insync.replicas").value, "1");
  EXPECT_EQ(Alter(kBroker, "", kSet, "log.retention.ms", "777"), ErrorCode::kNone);
  const Result defaults = Describe(kBroker, "");
  ASSERT_THAT(defaults.configs, SizeIs(2));
  EXPECT_EQ(Named(defaults, "log.retention.ms").config_source, 3);
}

TEST_F(ConfigHandlersTest, ResourcesThatAreNotHereAreRefusedWithKafkasCodes) {
  EXPECT_EQ(Describe(kTopic, "none").error_code, ToWire(ErrorCode::kUnknownTopicOrPartition));
  EXPECT_EQ(Describe(kTopic, "a/b").error_code, ToWire(ErrorCode::kInvalidTopicException));
  EXPECT_EQ(Describe(kBroker, "2").error_code, ToWire(ErrorCode::kInvalidRequest));
  EXPECT_EQ(Describe(99, "x").error_code, ToWire(ErrorCode::kInvalidRequest));
  EXPECT_EQ(Alter(kTopic, "none", kSet, "retention.ms", "1"), ErrorCode::kUnknownTopicOrPartition);
  EXPECT_EQ(Alter(kBroker, "2", kSet, "log.retention.ms", "1"), ErrorCode::kInvalidRequest);
}

// A few bytes that repeat a name must not make an answer of hundreds of settings each.
TEST_F(ConfigHandlersTest, AResourceThatIsNamedTwiceIsDescribedOnce) {
  DescribeConfigsRequest request;
  for (int i = 0; i < 1000; ++i) {
    auto& resource = request.resources.emplace_back();
    resource.resource_type = kBroker;
    resource.resource_name = "1";
  }
  EXPECT_THAT((client_.Call<DescribeConfigsRequest, DescribeConfigsResponse>(request, 4).results),
              SizeIs(1));
}

TEST_F(ConfigHandlersTest, AnIncrementalChangeActsAtOnceAndSurvivesARestart) {
  testing::CreateTopic(client_, "orders");
  for (std::int16_t version = 0; version <= 1; ++version) {
    const std::string value = std::to_string(1000 + version);
    EXPECT_EQ(Alter(kTopic, "orders", kSet, "max.message.bytes", value, false, version),
              ErrorCode::kNone);
    const PartitionPtr partition = broker_.broker().partitions().Find("orders", PartitionId(0));
    EXPECT_EQ(partition->config->max_message_bytes, 1000 + version);
  }
  broker_.Restart();
  client_ = broker_.Connect();
  EXPECT_EQ(Named(Describe(kTopic, "orders"), "max.message.bytes").value, "1001");
  EXPECT_EQ(Alter(kTopic, "orders", kDelete, "max.message.bytes", std::nullopt), ErrorCode::kNone);
  EXPECT_EQ(Named(Describe(kTopic, "orders"), "max.message.bytes").value, "1048588");
}

TEST_F(ConfigHandlersTest, ValidateOnlyChecksAndChangesNothing) {
  testing::CreateTopic(client_, "orders");
  EXPECT_EQ(Alter(kTopic, "orders", kSet, "retention.ms", "7", true), ErrorCode::kNone);
  EXPECT_EQ(Alter(kTopic, "orders", kSet, "retention.ms", "x", true), ErrorCode::kInvalidConfig);
  EXPECT_EQ(Named(Describe(kTopic, "orders"), "retention.ms").config_source, 5);
}

TEST_F(ConfigHandlersTest, ADynamicBrokerDefaultReachesTheTopicsThatHaveNoneOfTheirOwn) {
  testing::CreateTopic(client_, "orders");
  EXPECT_EQ(Alter(kBroker, "1", kSet, "message.max.bytes", "5555"), ErrorCode::kNone);
  const PartitionPtr partition = broker_.broker().partitions().Find("orders", PartitionId(0));
  EXPECT_EQ(partition->config->max_message_bytes, 5555);
  EXPECT_EQ(Named(Describe(kTopic, "orders"), "max.message.bytes").config_source, 2);
}

TEST_F(ConfigHandlersTest, LimitsOfConnectionsActAtOnceAndSurviveARestart) {
  EXPECT_EQ(Alter(kBroker, "", kSet, "max.connections.per.ip", "1"), ErrorCode::kNone);
  EXPECT_TRUE(testing::RawClient(broker_.port()).ClosedByPeer());
  broker_.Restart();
  client_ = broker_.Connect();
  EXPECT_TRUE(testing::RawClient(broker_.port()).ClosedByPeer());
  EXPECT_EQ(Alter(kBroker, "1", kSet, "max.connections.per.ip", "2"), ErrorCode::kNone);
  testing::RawClient second = broker_.Connect();
  testing::CreateTopic(second, "orders");  // the broker's own wins over the default of all
}

// What remains would refuse every address, at every start from then on.
TEST_F(ConfigHandlersTest, ASettingThatAnotherOneNeedsIsNotTakenAway) {
  const std::string overrides = "max.connections.per.ip.overrides";
  EXPECT_EQ(Alter(kBroker, "1", kSet, overrides, "127.0.0.1:3"), ErrorCode::kNone);
  EXPECT_EQ(Alter(kBroker, "1", kSet, "max.connections.per.ip", "0"), ErrorCode::kNone);
  EXPECT_NE(Alter(kBroker, "1", kDelete, overrides, std::nullopt), ErrorCode::kNone);
  EXPECT_EQ(Alter(kBroker, "1", kDelete, "max.connections.per.ip", std::nullopt), ErrorCode::kNone);
  EXPECT_EQ(Alter(kBroker, "1", kDelete, overrides, std::nullopt), ErrorCode::kNone);
}

TEST_F(ConfigHandlersTest, ProducersAreForgottenByTheDynamicSetting) {
  testing::CreateTopic(client_, "orders");
  EXPECT_EQ(Alter(kBroker, "", kSet, "producer.id.expiration.ms", "5000"), ErrorCode::kNone);
  const auto expiration = [&] {
    return broker_.broker()
        .partitions()
        .Find("orders", PartitionId(0))
        ->config->producer_id_expiration_ms;
  };
  EXPECT_EQ(expiration(), 5000);
  EXPECT_EQ(Alter(kBroker, "", kDelete, "producer.id.expiration.ms", std::nullopt),
            ErrorCode::kNone);
  EXPECT_EQ(expiration(), 86'400'000);
}

// Its default may not change under partitions whose eligible leaders are known.
TEST_F(ConfigHandlersTest, MinInsyncReplicasIsTheClustersWhileEligibleLeadersAreKept) {
  const std::string name = "min.insync.replicas";
  EXPECT_EQ(Alter(kBroker, "", kDelete, name, std::nullopt), ErrorCode::kInvalidConfig);
  EXPECT_EQ(Alter(kBroker, "1", kSet, name, "1"), ErrorCode::kInvalidConfig);
  EXPECT_EQ(Alter(kBroker, "1", kDelete, name, std::nullopt), ErrorCode::kInvalidConfig);
  EXPECT_EQ(Alter(kBroker, "1", kSet, name, "0"), ErrorCode::kInvalidRequest);
  EXPECT_EQ(Alter(kBroker, "", kSet, name, "2"), ErrorCode::kNone);
  const Entry described = Named(Describe(kBroker, "1"), name);
  EXPECT_EQ(described.value, "2");
  EXPECT_EQ(described.config_source, 3);
}

TEST_F(ConfigHandlersTest, TheLevelOfTheRootLoggerIsSetAtOnce) {
  const auto level = [&] { return Named(Describe(kLogger, "1"), "root").value; };
  const std::string before = *level();
  EXPECT_EQ(Named(Describe(kLogger, "1"), "root").config_source, 6);
  EXPECT_EQ(Alter(kLogger, "1", kSet, "root", "DEBUG"), ErrorCode::kNone);
  EXPECT_EQ(level(), "DEBUG");
  EXPECT_TRUE(VLOG_IS_ON(1));
  EXPECT_EQ(Alter(kLogger, "1", kSet, "root", "TRACE", true), ErrorCode::kNone);
  EXPECT_EQ(level(), "DEBUG");  // that was validate-only
  EXPECT_EQ(Alter(kLogger, "1", kSet, "root", before), ErrorCode::kNone);
  EXPECT_FALSE(VLOG_IS_ON(1));
  EXPECT_EQ(Alter(kLogger, "1", kSet, "root", "debug"), ErrorCode::kInvalidConfig);
  EXPECT_EQ(Alter(kLogger, "1", kSet, "no.such.logger", "INFO"), ErrorCode::kInvalidConfig);
  EXPECT_EQ(Alter(kLogger, "1", kDelete, "root", std::nullopt), ErrorCode::kInvalidRequest);
  EXPECT_EQ(Alter(kLogger, "1", kSet, "root", std::nullopt), ErrorCode::kInvalidRequest);
  EXPECT_EQ(Alter(kLogger, "7", kSet, "root", "INFO"), ErrorCode::kInvalidRequest);
  EXPECT_EQ(Describe(kLogger, "").error_code, ToWire(ErrorCode::kInvalidRequest));
}

TEST_F(ConfigHandlersTest, LoggersAndOtherResourcesAreAnsweredInTheOrderAsked) {
  IncrementalAlterConfigsRequest request;
  for (const auto& [type, name, key, value] :
       {std::tuple{kLogger, "1", "root", "INFO"}, std::tuple{kBroker, "1", "num.partitions", "3"},
        std::tuple{kLogger, "9", "root", "INFO"}, std::tuple{kBroker, "", "log.roll.ms", "9"}}) {
    auto& altered = request.resources.emplace_back();
    altered.resource_type = type;
    altered.resource_name = name;
    altered.configs.push_back({key, kSet, value});
  }
  request.validate_only = true;
  const auto response =
      client_.Call<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse>(request, 1);
  ASSERT_THAT(response.responses, SizeIs(4));
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(response.responses[i].resource_type, request.resources[i].resource_type);
    EXPECT_EQ(response.responses[i].resource_name, request.resources[i].resource_name);
  }
  EXPECT_EQ(response.responses[0].error_code, ToWire(ErrorCode::kNone));
  EXPECT_EQ(response.responses[1].error_code, ToWire(ErrorCode::kInvalidRequest));
  EXPECT_EQ(response.responses[2].error_code, ToWire(ErrorCode::kInvalidRequest));
  EXPECT_EQ(response.responses[3].error_code, ToWire(ErrorCode::kNone));
}

TEST_F(ConfigHandlersTest, SubscriptionsOfClientMetricsAreMadeByTheirSettings) {
  EXPECT_EQ(Named(Describe(kClientMetrics, "all"), "interval.ms").value, "300000");
  EXPECT_EQ(Alter(kClientMetrics, "all", kSet, "interval.ms", "1000"), ErrorCode::kNone);
  EXPECT_EQ(Alter(kClientMetrics, "", kSet, "interval.ms", "1000"), ErrorCode::kInvalidRequest);
  broker_.Restart();
  client_ = broker_.Connect();
  const Result described = Describe(kClientMetrics, "all");
  EXPECT_THAT(described.configs, SizeIs(3));
  EXPECT_EQ(Named(described, "interval.ms").value, "1000");
  EXPECT_EQ(Named(described, "interval.ms").config_source, 7);
  EXPECT_EQ(Named(described, "match").config_source, 5);
  EXPECT_THAT(Named(described, "match").synonyms, IsEmpty());
}

TEST_F(ConfigHandlersTest, EveryVersionOfAlterConfigsReplacesTheWholeSet) {
  testing::CreateTopic(client_, "orders", 1, {{"retention.ms", "5000"}});
  for (std::int16_t version = 0; version <= 2; ++version) {
    SCOPED_TRACE(version);
    EXPECT_EQ(Replace("orders", {{"segment.bytes", "1048576"}}, version), ErrorCode::kNone);
    const Result result = Describe(kTopic, "orders");
    EXPECT_EQ(Named(result, "segment.bytes").config_source, 1);
    EXPECT_EQ(Named(result, "retention.ms").config_source, 5);
    EXPECT_EQ(Replace("orders", {{"nope", "1"}}, version), ErrorCode::kInvalidConfig);
    EXPECT_EQ(Replace("orders", {{"retention.ms", "5000"}}, version), ErrorCode::kNone);
  }
}

TEST_F(ConfigHandlersTest, EveryVersionDescribesAGroupThatNeedNotExist) {
  for (std::int16_t version = 1; version <= 4; ++version) {
    SCOPED_TRACE(version);
    const Result result = Describe(kGroup, "g", version);
    EXPECT_EQ(result.error_code, 0);
    EXPECT_THAT(result.configs, SizeIs(GroupKeys().size()));
    const Entry& session = Named(result, "consumer.session.timeout.ms");
    EXPECT_EQ(session.value, "45000");
    EXPECT_EQ(session.config_source, 5);
    EXPECT_FALSE(session.read_only);
    EXPECT_EQ(session.synonyms.at(0).name, "group.consumer.session.timeout.ms");
  }
  EXPECT_EQ(Describe(kGroup, "").error_code, ToWire(ErrorCode::kInvalidRequest));
}

TEST_F(ConfigHandlersTest, AGroupsOwnSettingsSurviveARestart) {
  EXPECT_EQ(Alter(kGroup, "g", kSet, "consumer.session.timeout.ms", "50000", true),
            ErrorCode::kNone);
  EXPECT_EQ(Named(Describe(kGroup, "g"), "consumer.session.timeout.ms").config_source, 5);
  EXPECT_EQ(Alter(kGroup, "g", kSet, "consumer.session.timeout.ms", "50000"), ErrorCode::kNone);
  broker_.Restart();
  client_ = broker_.Connect();
  const Entry session = Named(Describe(kGroup, "g"), "consumer.session.timeout.ms");
  EXPECT_EQ(session.value, "50000");
  EXPECT_EQ(session.config_source, 8);
  EXPECT_EQ(Named(Describe(kGroup, "h"), "consumer.session.timeout.ms").value, "45000");
  EXPECT_EQ(Alter(kGroup, "g", kDelete, "consumer.session.timeout.ms", std::nullopt),
            ErrorCode::kNone);
  EXPECT_EQ(Named(Describe(kGroup, "g"), "consumer.session.timeout.ms").value, "45000");
}

TEST_F(ConfigHandlersTest, ChangesOfGroupsAreRefusedWithKafkasCodes) {
  constexpr std::int8_t kAppend = 2;
  constexpr const char* kSession = "consumer.session.timeout.ms";
  EXPECT_EQ(Alter(kGroup, "", kSet, kSession, "50000"), ErrorCode::kInvalidRequest);
  EXPECT_EQ(Alter(kGroup, "g", kSet, kSession, std::nullopt), ErrorCode::kInvalidRequest);
  EXPECT_EQ(Alter(kGroup, "g", kSet, kSession, "44999"), ErrorCode::kInvalidConfig);
  EXPECT_EQ(Alter(kGroup, "g", kSet, "nope", "1"), ErrorCode::kInvalidConfig);
  EXPECT_EQ(Alter(kGroup, "g", kDelete, "nope", std::nullopt), ErrorCode::kNone);
  EXPECT_EQ(Alter(kGroup, "g", kAppend, kSession, "50000"), ErrorCode::kInvalidConfig);
  EXPECT_EQ(Alter(kGroup, "g", 9, kSession, "50000"), ErrorCode::kUnknownServerError);
}

TEST_F(ConfigHandlersTest, AlterConfigsReplacesTheSettingsOfAGroup) {
  EXPECT_EQ(Alter(kGroup, "g", kSet, "consumer.session.timeout.ms", "50000"), ErrorCode::kNone);
  EXPECT_EQ(Replace("g", {{"consumer.heartbeat.interval.ms", "6000"}}, 2, kGroup),
            ErrorCode::kNone);
  const Result result = Describe(kGroup, "g");
  EXPECT_EQ(Named(result, "consumer.session.timeout.ms").config_source, 5);
  EXPECT_EQ(Named(result, "consumer.heartbeat.interval.ms").value, "6000");
}

// Names of groups that nobody has to have made would make answers a hundred times as long.
TEST_F(ConfigHandlersTest, OneRequestDescribesSoManyGroupsAndNoMore) {
  DescribeConfigsRequest request;
  for (std::size_t i = 0; i <= limits::kGroupsDescribedMax; ++i) {
    auto& resource = request.resources.emplace_back();
    resource.resource_type = kGroup;
    resource.resource_name = std::to_string(i);
    resource.configuration_keys = std::vector<std::string>();
  }
  const auto response = client_.Call<DescribeConfigsRequest, DescribeConfigsResponse>(request, 4);
  EXPECT_EQ(response.results.at(limits::kGroupsDescribedMax - 1).error_code, 0);
  EXPECT_EQ(response.results.back().error_code, ToWire(ErrorCode::kInvalidRequest));
}

}  // namespace
}  // namespace gneiss::server
