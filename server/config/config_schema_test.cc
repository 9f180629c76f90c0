// SPDX-License-Identifier: Apache-2.0
#include "server/config/config_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace gneiss::server {
namespace {

using ::testing::HasSubstr;

bool Accepts(const char* topic_key, std::string_view value) {
  return CheckConfigValue(*FindTopicKey(topic_key), value).has_value();
}

TEST(ConfigSchemaTest, TablesAreSortedSoThatLookUpsFindEveryKey) {
  for (const ConfigKey& key : TopicKeys()) EXPECT_EQ(FindTopicKey(key.name), &key) << key.name;
  for (const ConfigKey& key : BrokerKeys()) EXPECT_EQ(FindBrokerKey(key.name), &key) << key.name;
  EXPECT_EQ(TopicKeys().size(), 33u);
  EXPECT_EQ(FindTopicKey("retention"), nullptr);
}

TEST(ConfigSchemaTest, EveryDefaultPassesItsOwnCheck) {
  for (const auto keys : {TopicKeys(), BrokerKeys()}) {
    for (const ConfigKey& key : keys) {
      if (!key.default_value) continue;
      EXPECT_TRUE(CheckConfigValue(key, *key.default_value).has_value()) << key.name;
    }
  }
}

TEST(ConfigSchemaTest, EveryBrokerNameOfATopicKeyExistsWithTheSameType) {
  for (const ConfigKey& key : TopicKeys()) {
    if (key.broker_name.empty()) continue;
    const ConfigKey* broker_key = FindBrokerKey(key.broker_name);
    ASSERT_NE(broker_key, nullptr) << key.name;
    EXPECT_EQ(broker_key->type, key.type) << key.name;
  }
}

TEST(ConfigSchemaTest, NumbersAreCheckedForTypeAndRange) {
  EXPECT_TRUE(Accepts("retention.ms", "-1"));
  EXPECT_FALSE(Accepts("retention.ms", "-2"));
  EXPECT_FALSE(Accepts("retention.ms", "1h"));
  EXPECT_FALSE(Accepts("retention.ms", ""));
  EXPECT_TRUE(Accepts("retention.ms", " 5 "));
  EXPECT_FALSE(Accepts("retention.ms", "9223372036854775808"));
  EXPECT_FALSE(Accepts("segment.bytes", "2147483648"));
  EXPECT_FALSE(Accepts("segment.bytes", "1048575"));
  EXPECT_TRUE(Accepts("compression.gzip.level", "-1"));
  EXPECT_TRUE(Accepts("compression.gzip.level", "9"));
  EXPECT_FALSE(Accepts("compression.gzip.level", "0"));
  EXPECT_TRUE(Accepts("min.cleanable.dirty.ratio", "0.5"));
  EXPECT_FALSE(Accepts("min.cleanable.dirty.ratio", "1.1"));
  EXPECT_FALSE(Accepts("min.cleanable.dirty.ratio", "nan"));
}

TEST(ConfigSchemaTest, EnumerationsAreCaseSensitiveAndListsAreCheckedByElement) {
  EXPECT_TRUE(Accepts("compression.type", "gzip"));
  EXPECT_FALSE(Accepts("compression.type", "GZIP"));
  EXPECT_TRUE(Accepts("cleanup.policy", "compact, delete"));
  EXPECT_TRUE(Accepts("cleanup.policy", ""));
  EXPECT_FALSE(Accepts("cleanup.policy", "compact,drop"));
  EXPECT_TRUE(Accepts("preallocate", "TRUE"));
  EXPECT_FALSE(Accepts("preallocate", "yes"));
}

// Kafka's throttles name replicas; anything else was stored here and refused there.
TEST(ConfigSchemaTest, ThrottledReplicasAreAStarOrPairsOfPartitionAndBroker) {
  const char* const key = "leader.replication.throttled.replicas";
  for (const char* good : {"", "*", "0:1", "0:1, 12:3"}) EXPECT_TRUE(Accepts(key, good)) << good;
  for (const char* bad : {"x", "0", "0:", ":1", "0:1:2", "*,0:1", "-1:0"}) {
    EXPECT_FALSE(Accepts(key, bad)) << bad;
  }
}

TEST(ConfigSchemaTest, RetentionBytesHasNoLowerBound) {
  EXPECT_TRUE(Accepts("retention.bytes", "-2"));
}

TEST(ConfigSchemaTest, AValueIsShownAsItsTypeIsWritten) {
  const auto shown = [](const char* name, const char* value) {
    return CanonicalConfigValue(*FindTopicKey(name), value);
  };
  EXPECT_EQ(shown("segment.ms", " 07000 "), "7000");
  EXPECT_EQ(shown("retention.ms", "-1"), "-1");
  EXPECT_EQ(shown("preallocate", "TRUE"), "true");
  EXPECT_EQ(shown("min.cleanable.dirty.ratio", "0.50"), "0.5");
  EXPECT_EQ(shown("min.cleanable.dirty.ratio", "1"), "1.0");
  EXPECT_EQ(shown("min.cleanable.dirty.ratio", "0.00001"), "1.0E-5");
  EXPECT_EQ(CanonicalConfigValue(*FindBrokerKey("log.cleaner.io.max.bytes.per.second"),
                                 "1.7976931348623157E308"),
            "1.7976931348623157E308");
  EXPECT_EQ(shown("cleanup.policy", " compact , delete "), "compact,delete");
  EXPECT_EQ(shown("compression.type", " gzip "), "gzip");
}

TEST(ConfigSchemaTest, ARefusalNamesKeyValueAndWhatIsAllowed) {
  const Status refused = CheckConfigValue(*FindTopicKey("retention.ms"), "-7");
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().detail, HasSubstr("-7"));
  EXPECT_THAT(refused.error().detail, HasSubstr("retention.ms"));
  EXPECT_THAT(refused.error().detail, HasSubstr("-1.."));
}

TEST(ConfigSchemaTest, AMistypedKeyFindsItsNearestNeighbour) {
  EXPECT_EQ(NearestBrokerKey("num.partition"), "num.partitions");
  EXPECT_EQ(NearestBrokerKey("log.retention.hour"), "log.retention.hours");
  EXPECT_EQ(NearestBrokerKey("entirely.unlike.anything.that.kafka.has.ever.known"), "");
}

}  // namespace
}  // namespace gneiss::server
