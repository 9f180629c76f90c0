// SPDX-License-Identifier: Apache-2.0
#include "server/config/group_config.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "server/config/broker_config_parser.h"
#include "server/config/effective_config.h"
#include "server/metadata/metadata_fold.h"

namespace gneiss::server {
namespace {

using protocol::ErrorCode;
using std::chrono::milliseconds;

class GroupConfigTest : public ::testing::Test {
 protected:
  ErrorCode Code(const ConfigMap& configs) {
    const ConfigResult<void> valid = CheckGroupConfigs(configs, broker_);
    return valid ? ErrorCode::kNone : valid.error().code;
  }
  std::string Why(const ConfigMap& configs) {
    return CheckGroupConfigs(configs, broker_).error().message;
  }

  void Set(ConfigResourceType type, const std::string& resource, const std::string& name,
           const std::string& value) {
    protocol::ConfigRecord record;
    record.resource_type = static_cast<std::int8_t>(type);
    record.resource_name = resource;
    record.name = name;
    record.value = value;
    ASSERT_TRUE(fold_.Apply(++offset_, record).has_value());
    image_ = fold_.Publish();
  }

  ConfigEntry Entry(const std::string& name) {
    const std::vector<ConfigEntry> entries = DescribeGroupConfigs(broker_, *image_, "g");
    return *std::ranges::find(entries, name, &ConfigEntry::name);
  }

  BrokerConfig broker_;
  Offset offset_{0};
  MetadataFold fold_;
  MetadataImagePtr image_ = std::make_shared<const MetadataImage>();
};

// All of these were tried on Kafka 4.3.1.
TEST_F(GroupConfigTest, ValuesLieBetweenTheBrokersBounds) {
  EXPECT_EQ(Code({{"consumer.session.timeout.ms", "45000"}}), ErrorCode::kNone);
  EXPECT_EQ(Code({{"consumer.session.timeout.ms", " 60000 "}}), ErrorCode::kNone);
  EXPECT_EQ(Why({{"consumer.session.timeout.ms", "44999"}}),
            "consumer.session.timeout.ms must be greater than or equal to "
            "group.consumer.min.session.timeout.ms");
  EXPECT_EQ(Why({{"consumer.session.timeout.ms", "60001"}}),
            "consumer.session.timeout.ms must be less than or equal to "
            "group.consumer.max.session.timeout.ms");
  for (const auto& [name, bad] : std::vector<std::pair<std::string, std::vector<std::string>>>{
           {"consumer.heartbeat.interval.ms", {"4999", "15001"}},
           {"consumer.assignment.interval.ms", {"-1", "15001"}},
           {"share.session.timeout.ms", {"44999", "60001"}},
           {"share.heartbeat.interval.ms", {"4999", "15001"}},
           {"share.record.lock.duration.ms", {"14999", "60001"}},
           {"share.assignment.interval.ms", {"-1", "15001"}},
           {"share.delivery.count.limit", {"1", "11"}},
           {"share.partition.max.record.locks", {"99", "4001"}},
           {"streams.session.timeout.ms", {"44999", "60001"}},
           {"streams.heartbeat.interval.ms", {"4999", "15001"}},
           {"streams.assignment.interval.ms", {"-1", "15001"}},
           {"streams.initial.rebalance.delay.ms", {"-1"}},
           {"streams.num.standby.replicas", {"-1", "3"}}}) {
    EXPECT_EQ(Code({{name, std::string(*FindGroupKey(name)->default_value)}}), ErrorCode::kNone);
    for (const std::string& value : bad) {
      EXPECT_EQ(Code({{name, value}}), ErrorCode::kInvalidConfig) << name << ' ' << value;
    }
  }
}

TEST_F(GroupConfigTest, NamesAndWordsAreChecked) {
  EXPECT_EQ(Why({{"nope", "1"}}), "Unknown group config name: nope");
  EXPECT_EQ(Code({{"consumer.session.timeout.ms", "abc"}}), ErrorCode::kInvalidConfig);
  EXPECT_EQ(Code({{"share.isolation.level", "READ_COMMITTED"}}), ErrorCode::kInvalidConfig);
  EXPECT_EQ(Code({{"share.isolation.level", "read_committed"}}), ErrorCode::kNone);
  EXPECT_EQ(Code({{"share.renew.acknowledge.enable", "x"}}), ErrorCode::kInvalidConfig);
  for (const char* reset : {"latest", "earliest", "by_duration:PT1H", "by_duration:P1DT2H3.5S",
                            "by_duration:pt1m", " earliest "}) {
    EXPECT_EQ(Code({{"share.auto.offset.reset", reset}}), ErrorCode::kNone) << reset;
  }
  for (const char* reset :
       {"x", "LATEST", "none", "", "by_duration:x", "by_duration:-PT1H", "by_duration:PT",
        "by_duration:P", "by_duration:P1DT", "by_duration:"}) {
    EXPECT_EQ(Code({{"share.auto.offset.reset", reset}}), ErrorCode::kInvalidConfig) << reset;
  }
}

TEST_F(GroupConfigTest, NoSessionTimesOutBetweenTwoHeartbeats) {
  broker_.static_values = {{"group.consumer.max.heartbeat.interval.ms", "60000"},
                           {"group.consumer.session.timeout.ms", "46000"}};
  EXPECT_EQ(Code({{"consumer.heartbeat.interval.ms", "45999"}}), ErrorCode::kNone);
  EXPECT_EQ(Why({{"consumer.heartbeat.interval.ms", "46000"}}),
            "consumer.session.timeout.ms must be greater than consumer.heartbeat.interval.ms");
  EXPECT_EQ(
      Code({{"consumer.heartbeat.interval.ms", "47000"}, {"consumer.session.timeout.ms", "47000"}}),
      ErrorCode::kInvalidConfig);
  EXPECT_EQ(
      Code({{"consumer.heartbeat.interval.ms", "47000"}, {"consumer.session.timeout.ms", "59000"}}),
      ErrorCode::kNone);
}

TEST_F(GroupConfigTest, AllKeysAreDescribedWithTheirBrokersNames) {
  EXPECT_EQ(DescribeGroupConfigs(broker_, *image_, "g").size(), 17U);
  const ConfigEntry session = Entry("consumer.session.timeout.ms");
  EXPECT_EQ(session.value, "45000");
  EXPECT_EQ(session.source, ConfigSource::kDefault);
  ASSERT_EQ(session.synonyms.size(), 1U);
  EXPECT_EQ(session.synonyms[0].name, "group.consumer.session.timeout.ms");
  const ConfigEntry reset = Entry("share.auto.offset.reset");
  ASSERT_EQ(reset.synonyms.size(), 1U);
  EXPECT_EQ(reset.synonyms[0].name, "share.auto.offset.reset");
}

TEST_F(GroupConfigTest, TheGroupsOwnValueComesFirstThenTheBrokers) {
  broker_.static_values["group.consumer.session.timeout.ms"] = "46000";
  Set(ConfigResourceType::kGroup, "g", "consumer.session.timeout.ms", " 50000 ");
  Set(ConfigResourceType::kGroup, "other", "consumer.session.timeout.ms", "55000");
  const ConfigEntry session = Entry("consumer.session.timeout.ms");
  EXPECT_EQ(session.value, "50000");
  EXPECT_EQ(session.source, ConfigSource::kGroup);
  std::vector<std::pair<std::optional<std::string>, ConfigSource>> synonyms;
  for (const ConfigSynonym& synonym : session.synonyms) {
    synonyms.emplace_back(synonym.value, synonym.source);
  }
  EXPECT_EQ(synonyms, (decltype(synonyms){{"50000", ConfigSource::kGroup},
                                          {"46000", ConfigSource::kStaticBroker},
                                          {"45000", ConfigSource::kDefault}}));
}

TEST_F(GroupConfigTest, WhatIsInForceComesFromEveryLayer) {
  EXPECT_EQ(ResolveConsumerGroupConfig(broker_, *image_, "g"), ConsumerGroupConfig());
  broker_.static_values["group.consumer.heartbeat.interval.ms"] = "6000";
  Set(ConfigResourceType::kBroker, "", "group.consumer.assignment.interval.ms", "3000");
  Set(ConfigResourceType::kGroup, "g", "consumer.session.timeout.ms", "50000");
  EXPECT_EQ(ResolveConsumerGroupConfig(broker_, *image_, "g"),
            (ConsumerGroupConfig{milliseconds(50000), milliseconds(6000), milliseconds(3000)}));
  Set(ConfigResourceType::kBroker, "1", "group.consumer.assignment.interval.ms", "2000");
  EXPECT_EQ(ResolveConsumerGroupConfig(broker_, *image_, "g").assignment_interval,
            milliseconds(2000));
}

TEST_F(GroupConfigTest, ValuesThatTheBoundsHaveLeftBehindCountAsTheBound) {
  Set(ConfigResourceType::kGroup, "g", "consumer.session.timeout.ms", "59000");
  broker_.static_values["group.consumer.max.session.timeout.ms"] = "50000";
  EXPECT_EQ(ResolveConsumerGroupConfig(broker_, *image_, "g").session_timeout, milliseconds(50000));
  EXPECT_EQ(Entry("consumer.session.timeout.ms").value, "59000");
}

TEST_F(GroupConfigTest, ABrokersDefaultChangesAtRunTimeWithinTheBoundsToo) {
  const std::string node = "1";
  const ConfigMap none;
  const auto set = [&](const std::string& value) {
    const std::vector<ConfigChange> changes{
        {.name = "group.consumer.assignment.interval.ms", .op = 0, .value = value}};
    const auto after =
        AlterIncrementally({ConfigResourceType::kBroker, node, none}, changes, broker_);
    return after ? ErrorCode::kNone : after.error().code;
  };
  EXPECT_EQ(set("15000"), ErrorCode::kNone);
  EXPECT_EQ(set("15001"), ErrorCode::kInvalidRequest);
  EXPECT_EQ(set("-1"), ErrorCode::kInvalidRequest);
}

// --- the broker's own settings, when it starts ---

Status Start(const ConfigMap& properties) {
  GNEISS_RETURN_IF_ERROR(ParseBrokerConfig(properties));
  return {};
}

TEST(GroupDefaultsTest, DefaultsLieBetweenTheirBounds) {
  EXPECT_TRUE(Start({{"group.consumer.session.timeout.ms", "60000"}}).has_value());
  EXPECT_EQ(Start({{"group.consumer.session.timeout.ms", "44999"}}).error().detail,
            "group.consumer.session.timeout.ms must be greater than or equal to "
            "group.consumer.min.session.timeout.ms");
  EXPECT_EQ(Start({{"group.consumer.min.session.timeout.ms", "70000"}}).error().detail,
            "group.consumer.max.session.timeout.ms must be greater than or equal to "
            "group.consumer.min.session.timeout.ms");
  EXPECT_EQ(Start({{"group.consumer.max.heartbeat.interval.ms", "60000"},
                   {"group.consumer.heartbeat.interval.ms", "45000"}})
                .error()
                .detail,
            "group.consumer.heartbeat.interval.ms must be less than "
            "group.consumer.session.timeout.ms");
  EXPECT_FALSE(Start({{"group.consumer.session.timeout.ms", "0"}}).has_value());
  EXPECT_FALSE(Start({{"group.consumer.assignment.interval.ms", "15001"}}).has_value());
  EXPECT_FALSE(Start({{"group.streams.num.standby.replicas", "3"}}).has_value());
}

TEST(GroupDefaultsTest, AssignorsAreNamedOrGivenByKafkasClasses) {
  const auto assignors = [](const std::string& value) {
    return ParseBrokerConfig({{"group.consumer.assignors", value}})
        .value()
        .config.group_consumer_assignors;
  };
  EXPECT_EQ(BrokerConfig().group_consumer_assignors,
            (std::vector<std::string>{"uniform", "range"}));
  EXPECT_EQ(assignors("range"), std::vector<std::string>{"range"});
  EXPECT_EQ(assignors("org.apache.kafka.coordinator.group.assignor.RangeAssignor,uniform"),
            (std::vector<std::string>{"range", "uniform"}));
  EXPECT_FALSE(Start({{"group.consumer.assignors", ""}}).has_value());
  EXPECT_FALSE(Start({{"group.consumer.assignors", "sticky"}}).has_value());
  EXPECT_FALSE(Start({{"group.consumer.assignors", "Uniform"}}).has_value());
}

TEST(GroupDefaultsTest, MigrationPoliciesAreNamedInAnyCase) {
  EXPECT_EQ(ParseBrokerConfig({{"group.consumer.migration.policy", "UpGrade"}})
                .value()
                .config.group_consumer_migration_policy,
            GroupMigrationPolicy::kUpgrade);
  EXPECT_FALSE(Start({{"group.consumer.migration.policy", "none"}}).has_value());
}

}  // namespace
}  // namespace gneiss::server
