// SPDX-License-Identifier: Apache-2.0
#include "server/config/effective_config.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace gneiss::server {
namespace {

class EffectiveConfigTest : public ::testing::Test {
 protected:
  ConfigEntry Topic(std::string_view name, const ConfigMap& overrides = {}) {
    return Named(DescribeTopicConfigs(broker_, image_, overrides), name);
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
  EXPECT_EQ(Topic("retention.ms").source, ConfigSource::kStaticBroker);
  broker_.static_values["log.retention.minutes"] = "3";
  EXPECT_EQ(ResolveTopicConfig(broker_, image_, {}).retention_ms, 180'000);
  broker_.static_values["log.retention.ms"] = "4";
  EXPECT_EQ(ResolveTopicConfig(broker_, image_, {}).retention_ms, 4);
  broker_.static_values.clear();
  broker_.static_values["log.retention.hours"] = "-1";
  EXPECT_EQ(ResolveTopicConfig(broker_, image_, {}).retention_ms, -1);
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
