// SPDX-License-Identifier: Apache-2.0
#include "server/config/config_change.h"

#include <gtest/gtest.h>

#include <vector>

namespace gneiss::server {
namespace {

using protocol::ErrorCode;
using enum ConfigOp;

ConfigChange Change(ConfigOp op, std::string name, std::optional<std::string> value) {
  return {std::move(name), static_cast<std::int8_t>(op), std::move(value)};
}

class ConfigChangeTest : public ::testing::Test {
 protected:
  ConfigResult<ConfigMap> Alter(std::vector<ConfigChange> changes,
                                ConfigResourceType type = ConfigResourceType::kTopic) {
    return AlterIncrementally({type, name_, current_}, changes, broker_);
  }
  ErrorCode Code(std::vector<ConfigChange> changes,
                 ConfigResourceType type = ConfigResourceType::kTopic) {
    const ConfigResult<ConfigMap> result = Alter(std::move(changes), type);
    return result ? ErrorCode::kNone : result.error().code;
  }

  ConfigResult<ConfigMap> Replace(const ConfigMap& current,
                                  const std::vector<NamedConfig>& configs) {
    return ReplaceConfigs({ConfigResourceType::kTopic, name_, current}, configs, broker_);
  }

  ConfigMap current_{{"retention.ms", "1000"}};
  std::string name_ = "1";  // of the resource
  BrokerConfig broker_;
};

TEST_F(ConfigChangeTest, SetDeleteAppendAndSubtractChangeTheOverrides) {
  EXPECT_EQ(*Alter({Change(kSet, "retention.ms", "5")}), (ConfigMap{{"retention.ms", "5"}}));
  EXPECT_EQ(*Alter({Change(kDelete, "retention.ms", std::nullopt)}), ConfigMap());
  EXPECT_EQ(Alter({Change(kAppend, "cleanup.policy", "compact")})->at("cleanup.policy"),
            "delete,compact");
  current_["cleanup.policy"] = "compact,delete";
  EXPECT_EQ(Alter({Change(kSubtract, "cleanup.policy", "delete")})->at("cleanup.policy"),
            "compact");
}

TEST_F(ConfigChangeTest, AppendingWhatIsThereAndSubtractingWhatIsNotChangesNothing) {
  EXPECT_EQ(Alter({Change(kAppend, "cleanup.policy", "delete")})->at("cleanup.policy"), "delete");
  EXPECT_EQ(Alter({Change(kSubtract, "cleanup.policy", "compact")})->at("cleanup.policy"),
            "delete");
  EXPECT_EQ(Code({Change(kDelete, "segment.bytes", std::nullopt)}), ErrorCode::kNone);
}

TEST_F(ConfigChangeTest, TopicRefusalsCarryKafkasCodes) {
  EXPECT_EQ(Code({Change(kSet, "nope", "1")}), ErrorCode::kInvalidConfig);
  EXPECT_EQ(Code({Change(kSet, "retention.ms", "abc")}), ErrorCode::kInvalidConfig);
  EXPECT_EQ(Code({Change(kSet, "retention.ms", std::nullopt)}), ErrorCode::kInvalidRequest);
  EXPECT_EQ(Code({Change(kSet, "retention.ms", "1"), Change(kDelete, "retention.ms", "")}),
            ErrorCode::kInvalidRequest);
  EXPECT_EQ(Code({Change(kAppend, "retention.ms", "1")}), ErrorCode::kInvalidConfig);
  EXPECT_EQ(Code({Change(static_cast<ConfigOp>(9), "retention.ms", "1")}),
            ErrorCode::kUnknownServerError);
  EXPECT_EQ(Code({Change(kSet, "min.compaction.lag.ms", "11"),
                  Change(kSet, "max.compaction.lag.ms", "10")}),
            ErrorCode::kInvalidConfig);
  EXPECT_EQ(Code({Change(kSet, "remote.storage.enable", "true")}), ErrorCode::kInvalidConfig);
}

TEST_F(ConfigChangeTest, BrokerRefusalsCarryKafkasCodes) {
  constexpr auto kBroker = ConfigResourceType::kBroker;
  current_.clear();
  EXPECT_EQ(Code({Change(kSet, "log.retention.ms", "5")}, kBroker), ErrorCode::kNone);
  EXPECT_EQ(Code({Change(kSet, "num.partitions", "5")}, kBroker), ErrorCode::kInvalidRequest);
  EXPECT_EQ(Code({Change(kSet, "message.max.bytes", "x")}, kBroker), ErrorCode::kInvalidRequest);
  EXPECT_EQ(Code({Change(kSet, "a.plugins.own", "x")}, kBroker), ErrorCode::kNone);
  EXPECT_EQ(Code({Change(kSet, "num.io.threads", "16")}, kBroker), ErrorCode::kNone);
  EXPECT_EQ(Code({Change(kSet, "num.io.threads", "17")}, kBroker), ErrorCode::kInvalidRequest);
  EXPECT_EQ(Code({Change(kSet, "listeners", "PLAINTEXT://:1")}, kBroker),
            ErrorCode::kInvalidRequest);
  EXPECT_EQ(Code({Change(kAppend, "unknown.list", "x")}, kBroker), ErrorCode::kInvalidConfig);
}

TEST_F(ConfigChangeTest, SettingsThatActTogetherAreCheckedTogether) {
  constexpr auto kBroker = ConfigResourceType::kBroker;
  const ErrorCode refused = ErrorCode::kInvalidRequest;
  current_.clear();
  EXPECT_EQ(Code({Change(kSet, "max.connections", "5")}, kBroker), ErrorCode::kNone);
  EXPECT_EQ(Code({Change(kSet, "max.connections", "0")}, kBroker), refused);
  EXPECT_EQ(Code({Change(kSet, "max.connection.creation.rate", "0")}, kBroker), refused);
  EXPECT_EQ(Code({Change(kSet, "max.connections.per.ip", "0")}, kBroker), refused);
  EXPECT_EQ(Code({Change(kSet, "max.connections.per.ip", "0"),
                  Change(kSet, "max.connections.per.ip.overrides", "127.0.0.1:3")},
                 kBroker),
            ErrorCode::kNone);
  EXPECT_EQ(Code({Change(kSet, "max.connections.per.ip.overrides", "a:b")}, kBroker), refused);
  EXPECT_EQ(Code({Change(kSet, "log.cleaner.threads", "0")}, kBroker), refused);
  EXPECT_EQ(Code({Change(kSet, "log.cleaner.dedupe.buffer.size", "1048576")}, kBroker), refused);
  EXPECT_EQ(Code({Change(kSet, "log.cleaner.dedupe.buffer.size", "1048577")}, kBroker),
            ErrorCode::kNone);
  EXPECT_EQ(Code({Change(kSet, "log.cleaner.threads", "2"),
                  Change(kSet, "log.cleaner.dedupe.buffer.size", "1572864")},
                 kBroker),
            refused);
  EXPECT_EQ(Code({Change(kSet, "cordoned.log.dirs", "/nowhere")}, kBroker), refused);
  EXPECT_EQ(Code({Change(kSet, "metric.reporters", "no.such.Class")}, kBroker), refused);
  EXPECT_EQ(Code({Change(kSet, "leader.replication.throttled.rate", "-1")}, kBroker), refused);
}

TEST_F(ConfigChangeTest, WhatIsOneBrokersOwnCannotBeADefaultForAll) {
  constexpr auto kBroker = ConfigResourceType::kBroker;
  const std::vector<ConfigChange> mechanisms{Change(kSet, "sasl.enabled.mechanisms", "PLAIN")};
  current_.clear();
  EXPECT_EQ(Code(mechanisms, kBroker), ErrorCode::kNone);
  name_ = "";
  EXPECT_EQ(Code(mechanisms, kBroker), ErrorCode::kInvalidRequest);
  EXPECT_EQ(Code({Change(kSet, "ssl.client.auth", "none")}, kBroker), ErrorCode::kInvalidRequest);
  EXPECT_EQ(Code({Change(kSet, "cordoned.log.dirs", "")}, kBroker), ErrorCode::kInvalidRequest);
  EXPECT_EQ(Code({Change(kSet, "log.retention.ms", "5")}, kBroker), ErrorCode::kNone);
  name_ = "1";  // and this is one listener's own
  EXPECT_EQ(Code({Change(kSet, "ssl.keystore.location", "/k")}, kBroker),
            ErrorCode::kInvalidRequest);
}

TEST_F(ConfigChangeTest, SubscriptionsOfClientMetricsAreCheckedAsKafkaDoes) {
  constexpr auto kMetrics = ConfigResourceType::kClientMetrics;
  current_.clear();
  const auto set = [&](const char* name, const char* value) {
    return Code({Change(kSet, name, value)}, kMetrics);
  };
  for (const char* interval : {"100", "3600000"}) {
    EXPECT_EQ(set("interval.ms", interval), ErrorCode::kNone);
  }
  for (const char* interval : {"99", "3600001"}) {
    EXPECT_EQ(set("interval.ms", interval), ErrorCode::kInvalidRequest);
  }
  EXPECT_EQ(set("interval.ms", "x"), ErrorCode::kInvalidConfig);
  EXPECT_EQ(set("no.such", "x"), ErrorCode::kInvalidRequest);
  EXPECT_EQ(set("metrics", "*"), ErrorCode::kNone);
  for (const char* match : {"", "client_id=a.*,client_software_name=b", " client_id = a "}) {
    EXPECT_EQ(set("match", match), ErrorCode::kNone) << match;
  }
  for (const char* match : {"zork=1", "client_id=[", "client_id", "client_id=a=b"}) {
    EXPECT_EQ(set("match", match), ErrorCode::kInvalidConfig) << match;
  }
  EXPECT_EQ(Code({Change(kAppend, "metrics", "a.b")}, kMetrics), ErrorCode::kInvalidConfig);
}

TEST_F(ConfigChangeTest, ReplacingDropsWhatIsNotNamed) {
  const std::vector<NamedConfig> configs{{"segment.bytes", "1048576"}};
  EXPECT_EQ(*Replace({}, configs), (ConfigMap{{"segment.bytes", "1048576"}}));
}

// What a topic was cloned from does not change afterwards; a tool that writes back all that it has
// read must not stumble over it.
TEST_F(ConfigChangeTest, CreationSettingsStayOrGoButDoNotChange) {
  const ConfigMap current{{"gneiss.clone.source", "orders"}};
  const std::vector<NamedConfig> same{{"gneiss.clone.source", "orders"}, {"retention.ms", "7"}};
  EXPECT_TRUE(Replace(current, same));
  EXPECT_TRUE(Replace(current, {}));
  EXPECT_FALSE(Replace({}, same));
  const std::vector<NamedConfig> other{{"gneiss.clone.source", "payments"}};
  EXPECT_FALSE(Replace(current, other));
}

TEST_F(ConfigChangeTest, ANewTopicsConfigsAreCheckedAndMayNotBeNull) {
  EXPECT_EQ(ConfigsOfNewTopic(std::vector<NamedConfig>{{"retention.ms", "7"}})->size(), 1u);
  EXPECT_EQ(
      ConfigsOfNewTopic(std::vector<NamedConfig>{{"retention.ms", std::nullopt}}).error().code,
      ErrorCode::kInvalidConfig);
  EXPECT_EQ(ConfigsOfNewTopic(std::vector<NamedConfig>{{"nope", "7"}}).error().code,
            ErrorCode::kInvalidConfig);
}

}  // namespace
}  // namespace gneiss::server
