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
    return AlterIncrementally(type, current_, changes, broker_);
  }
  ErrorCode Code(std::vector<ConfigChange> changes,
                 ConfigResourceType type = ConfigResourceType::kTopic) {
    const ConfigResult<ConfigMap> result = Alter(std::move(changes), type);
    return result ? ErrorCode::kNone : result.error().code;
  }

  ConfigMap current_{{"retention.ms", "1000"}};
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
  EXPECT_EQ(Code({Change(kSet, "max.connections", "5")}, kBroker), ErrorCode::kInvalidRequest);
  EXPECT_EQ(Code({Change(kAppend, "unknown.list", "x")}, kBroker), ErrorCode::kInvalidConfig);
}

TEST_F(ConfigChangeTest, ReplacingDropsWhatIsNotNamed) {
  const std::vector<NamedConfig> configs{{"segment.bytes", "1048576"}};
  EXPECT_EQ(*ReplaceConfigs(ConfigResourceType::kTopic, {}, configs, broker_),
            (ConfigMap{{"segment.bytes", "1048576"}}));
}

// What a topic was cloned from does not change afterwards; a tool that writes back all that it has
// read must not stumble over it.
TEST_F(ConfigChangeTest, CreationSettingsStayOrGoButDoNotChange) {
  const ConfigMap current{{"gneiss.clone.source", "orders"}};
  const std::vector<NamedConfig> same{{"gneiss.clone.source", "orders"}, {"retention.ms", "7"}};
  EXPECT_TRUE(ReplaceConfigs(ConfigResourceType::kTopic, current, same, broker_));
  EXPECT_TRUE(ReplaceConfigs(ConfigResourceType::kTopic, current, {}, broker_));
  EXPECT_FALSE(ReplaceConfigs(ConfigResourceType::kTopic, {}, same, broker_));
  const std::vector<NamedConfig> other{{"gneiss.clone.source", "payments"}};
  EXPECT_FALSE(ReplaceConfigs(ConfigResourceType::kTopic, current, other, broker_));
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
