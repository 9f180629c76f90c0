// SPDX-License-Identifier: Apache-2.0
#include "server/config/effective_config.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "server/metadata/metadata_fold.h"

namespace gneiss::server {
namespace {

class EffectiveConfigTest : public ::testing::Test {
 protected:
  ConfigEntry Topic(std::string_view name, const ConfigMap& overrides = {}) {
    return Named(DescribeTopicConfigs(broker_, image_, overrides), name);
  }
  ConfigEntry NewTopic(std::string_view name) {
    return Named(DescribeNewTopic(broker_, image_, {}), name);
  }
  ConfigEntry OfBroker(std::string_view name) {
    return Named(DescribeBrokerConfigs(broker_, image_), name);
  }

  BrokerConfig broker_;
  MetadataImage image_;

 private:
  static ConfigEntry Named(std::vector<ConfigEntry> entries, std::string_view name) {
    const auto it = std::ranges::find(entries, name, &ConfigEntry::name);
    EXPECT_NE(it, entries.end()) << name;
    return it == entries.end() ? ConfigEntry() : *it;
  }
};

TEST_F(EffectiveConfigTest, WithoutSettingsATopicHasKafkasDefaults) {
  const TopicConfig resolved = ResolveTopicConfig(broker_, image_, {});
  const TopicConfig defaults;
  EXPECT_EQ(resolved.retention_ms, defaults.retention_ms);
  EXPECT_EQ(resolved.segment_ms, defaults.segment_ms);
  EXPECT_EQ(resolved.max_message_bytes, defaults.max_message_bytes);
  EXPECT_EQ(resolved.flush_messages, defaults.flush_messages);
  EXPECT_EQ(resolved.flush_ms, defaults.flush_ms);
  EXPECT_EQ(resolved.keep_producer_codec, defaults.keep_producer_codec);
  EXPECT_EQ(resolved.lz4_level, defaults.lz4_level);
  EXPECT_EQ(Topic("retention.ms").source, ConfigSource::kDefault);
}

TEST_F(EffectiveConfigTest, TheTopicsOwnValueWinsAndItsSynonymsFollowInOrder) {
  broker_.static_values["log.cleanup.policy"] = "compact";
  const ConfigEntry entry = Topic("cleanup.policy", {{"cleanup.policy", "delete,compact"}});
  EXPECT_EQ(entry.value, "delete,compact");
  EXPECT_EQ(entry.source, ConfigSource::kTopic);
  ASSERT_EQ(entry.synonyms.size(), 3u);
  EXPECT_EQ(entry.synonyms[1].name, "log.cleanup.policy");
  EXPECT_EQ(entry.synonyms[1].source, ConfigSource::kStaticBroker);
  EXPECT_EQ(entry.synonyms[2].source, ConfigSource::kDefault);
  const TopicConfig resolved = ResolveTopicConfig(broker_, image_, {});
  EXPECT_TRUE(resolved.cleanup_compact);
  EXPECT_FALSE(resolved.cleanup_delete);
}

// A stock server.properties says log.retention.hours, which no topic key names directly.
TEST_F(EffectiveConfigTest, HoursAndMinutesOfTheFileBecomeMilliseconds) {
  broker_.static_values["log.retention.hours"] = "2";
  EXPECT_EQ(ResolveTopicConfig(broker_, image_, {}).retention_ms, 7'200'000);
  EXPECT_EQ(Topic("retention.ms").value, "7200000");
  broker_.static_values["log.retention.minutes"] = "3";
  EXPECT_EQ(ResolveTopicConfig(broker_, image_, {}).retention_ms, 180'000);
  broker_.static_values["log.retention.ms"] = "4";
  EXPECT_EQ(ResolveTopicConfig(broker_, image_, {}).retention_ms, 4);
  broker_.static_values.clear();
  broker_.static_values["log.retention.hours"] = "-1";
  EXPECT_EQ(ResolveTopicConfig(broker_, image_, {}).retention_ms, -1);
}

// Kafka tells them only behind the setting in milliseconds; alone they are as good as a default.
TEST_F(EffectiveConfigTest, CoarserSettingsAreSynonymsBehindTheFinerOneOnly) {
  broker_.static_values["log.retention.hours"] = "2";
  EXPECT_TRUE(Topic("retention.ms").synonyms.empty());
  EXPECT_EQ(Topic("retention.ms").source, ConfigSource::kDefault);
  EXPECT_TRUE(OfBroker("log.retention.ms").synonyms.empty());

  broker_.static_values["log.retention.minutes"] = "3";
  const std::vector<ConfigSynonym> minutes = OfBroker("log.retention.minutes").synonyms;
  ASSERT_EQ(minutes.size(), 3u);
  EXPECT_EQ(minutes[0].value, "3");
  EXPECT_EQ(minutes[1].name, "log.retention.hours");
  EXPECT_EQ(minutes[1].source, ConfigSource::kStaticBroker);
  EXPECT_EQ(minutes[2].source, ConfigSource::kDefault);

  broker_.static_values["log.retention.ms"] = "4";
  const std::vector<ConfigSynonym> retention = Topic("retention.ms").synonyms;
  ASSERT_EQ(retention.size(), 4u);
  EXPECT_EQ(retention[0].name, "log.retention.ms");
  EXPECT_EQ(retention[3].name, "log.retention.hours");
  EXPECT_EQ(retention[3].value, "168");
}

TEST_F(EffectiveConfigTest, ANewTopicIsToldWhereACoarserSettingComesFrom) {
  EXPECT_EQ(NewTopic("retention.ms").source, ConfigSource::kDefault);
  broker_.static_values["log.retention.hours"] = "2";
  EXPECT_EQ(NewTopic("retention.ms").source, ConfigSource::kStaticBroker);
  EXPECT_EQ(NewTopic("retention.ms").value, "7200000");
}

// Found by comparison: Kafka drops the file's hours from what it shows once the milliseconds are
// set at run time.
TEST_F(EffectiveConfigTest, ACoarserSettingIsForgottenWhileAFinerOneIsDynamic) {
  broker_.static_values["log.retention.hours"] = "2";
  EXPECT_EQ(OfBroker("log.retention.hours").value, "2");
  protocol::ConfigRecord finer;
  finer.resource_type = static_cast<std::int8_t>(ConfigResourceType::kBroker);
  finer.name = "log.retention.ms";
  finer.value = "5";
  MetadataFold fold;
  ASSERT_TRUE(fold.Apply(Offset(0), finer).has_value());
  image_ = fold.image();
  EXPECT_EQ(OfBroker("log.retention.hours").value, "168");
}

TEST_F(EffectiveConfigTest, TheFlushIntervalFallsBackToTheSchedulers) {
  broker_.static_values["log.flush.scheduler.interval.ms"] = "7000";
  EXPECT_EQ(ResolveTopicConfig(broker_, image_, {}).flush_ms, 7000);
  EXPECT_TRUE(Topic("flush.ms").synonyms.empty());
}

TEST_F(EffectiveConfigTest, ATopicsValueIsShownAsItsTypeIsWritten) {
  const ConfigEntry entry = Topic("segment.ms", {{"segment.ms", " 07000 "}});
  EXPECT_EQ(entry.value, "7000");
  EXPECT_EQ(entry.synonyms.front().value, "7000");
}

TEST_F(EffectiveConfigTest, ABrokerKeyTellsItsSourceAndWhetherItIsReadOnly) {
  broker_.static_values["num.partitions"] = "3";
  const ConfigEntry partitions = OfBroker("num.partitions");
  EXPECT_EQ(partitions.value, "3");
  EXPECT_EQ(partitions.source, ConfigSource::kStaticBroker);
  EXPECT_TRUE(partitions.read_only);
  EXPECT_FALSE(OfBroker("log.retention.ms").read_only);
  EXPECT_FALSE(OfBroker("log.retention.ms").value.has_value());
}

TEST_F(EffectiveConfigTest, PasswordsAreNeverShown) {
  broker_.static_values["ssl.key.password"] = "secret";
  const ConfigEntry entry = OfBroker("ssl.key.password");
  EXPECT_TRUE(entry.sensitive);
  EXPECT_FALSE(entry.value.has_value());
  for (const ConfigSynonym& synonym : entry.synonyms) EXPECT_FALSE(synonym.value.has_value());
}

}  // namespace
}  // namespace gneiss::server
