// SPDX-License-Identifier: Apache-2.0
#include "server/metadata/metadata_fold.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gneiss::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Uuid Id(std::uint8_t number) {
  Uuid id;
  id.bytes[15] = number;
  return id;
}

class MetadataFoldTest : public ::testing::Test {
 protected:
  Status Apply(const MetadataRecord& record) { return fold_.Apply(Offset(next_++), record); }

  Status CreateTopic(const std::string& name, const Uuid& id) {
    protocol::TopicRecord topic;
    topic.name = name;
    topic.topic_id = id;
    return Apply(topic);
  }
  Status AddPartition(const Uuid& id, std::int32_t partition) {
    protocol::PartitionRecord record;
    record.topic_id = id;
    record.partition_id = partition;
    record.replicas = record.isr = {1};
    record.leader = 1;
    record.leader_epoch = 0;
    record.partition_epoch = 0;
    return Apply(record);
  }
  Status RemoveTopic(const Uuid& id) {
    protocol::RemoveTopicRecord record;
    record.topic_id = id;
    return Apply(record);
  }
  Status SetConfig(const std::string& topic, const std::string& name,
                   std::optional<std::string> value) {
    protocol::ConfigRecord record;
    record.resource_type = static_cast<std::int8_t>(ConfigResourceType::kTopic);
    record.resource_name = topic;
    record.name = name;
    record.value = std::move(value);
    return Apply(record);
  }
  const ConfigMap& Configs(const std::string& topic) {
    return fold_.image().Configs(ConfigResourceType::kTopic, topic);
  }

  MetadataFold fold_;
  std::int64_t next_ = 0;
};

TEST_F(MetadataFoldTest, TopicsAreFoundByNameAndById) {
  ASSERT_TRUE(CreateTopic("orders", Id(2)));
  ASSERT_TRUE(AddPartition(Id(2), 0));
  ASSERT_TRUE(AddPartition(Id(2), 1));
  const MetadataImagePtr image = fold_.Publish();
  ASSERT_NE(image->FindTopic("orders"), nullptr);
  EXPECT_EQ(image->FindTopic("orders"), image->FindTopic(Id(2)));
  EXPECT_EQ(image->FindTopic("orders")->partitions.size(), 2U);
  EXPECT_EQ(image->FindTopic("orders")->partitions[1].leader, BrokerId(1));
  EXPECT_EQ(image->offset(), Offset(2));
  EXPECT_EQ(image->FindTopic("order"), nullptr);
}

TEST_F(MetadataFoldTest, APublishedImageNeverChanges) {
  ASSERT_TRUE(CreateTopic("orders", Id(2)));
  ASSERT_TRUE(AddPartition(Id(2), 0));
  ASSERT_TRUE(SetConfig("orders", "retention.ms", "1"));
  const MetadataImagePtr before = fold_.Publish();
  ASSERT_TRUE(AddPartition(Id(2), 1));
  ASSERT_TRUE(CreateTopic("bills", Id(3)));
  ASSERT_TRUE(SetConfig("orders", "retention.ms", "2"));
  ASSERT_TRUE(RemoveTopic(Id(2)));
  EXPECT_EQ(before->topics().size(), 1U);
  EXPECT_EQ(before->FindTopic("orders")->partitions.size(), 1U);
  EXPECT_EQ(before->Configs(ConfigResourceType::kTopic, "orders").at("retention.ms"), "1");
  EXPECT_EQ(before->offset(), Offset(2));
}

TEST_F(MetadataFoldTest, ImagesShareTheTopicsWhileNoneChanges) {
  ASSERT_TRUE(CreateTopic("orders", Id(2)));
  const MetadataImagePtr before = fold_.Publish();
  protocol::ProducerIdsRecord ids;
  ids.next_producer_id = 1000;
  ASSERT_TRUE(Apply(ids));
  const MetadataImagePtr after = fold_.Publish();
  EXPECT_EQ(&before->topics(), &after->topics());
  EXPECT_EQ(after->next_producer_id(), 1000);
  EXPECT_EQ(before->next_producer_id(), 0);
}

TEST_F(MetadataFoldTest, ConfigsAreSetAndRemoved) {
  ASSERT_TRUE(SetConfig("orders", "retention.ms", "1"));
  ASSERT_TRUE(SetConfig("orders", "segment.ms", "2"));
  ASSERT_TRUE(SetConfig("orders", "retention.ms", std::nullopt));
  EXPECT_EQ(Configs("orders"), (ConfigMap{{"segment.ms", "2"}}));
  ASSERT_TRUE(SetConfig("orders", "segment.ms", std::nullopt));
  EXPECT_THAT(fold_.image().all_configs(), IsEmpty());
}

// A topic that is made again under its name must not find the settings of the old one.
TEST_F(MetadataFoldTest, ATopicsConfigsGoWithIt) {
  ASSERT_TRUE(CreateTopic("orders", Id(2)));
  ASSERT_TRUE(SetConfig("orders", "retention.ms", "1"));
  ASSERT_TRUE(RemoveTopic(Id(2)));
  ASSERT_TRUE(CreateTopic("orders", Id(3)));
  EXPECT_THAT(Configs("orders"), IsEmpty());
  EXPECT_EQ(fold_.image().FindTopic(Id(2)), nullptr);
  EXPECT_EQ(fold_.image().FindTopic("orders")->id, Id(3));
}

TEST_F(MetadataFoldTest, EveryPartitionChangeCountsAndOnlyALeaderChangeIsANewEpoch) {
  ASSERT_TRUE(CreateTopic("orders", Id(2)));
  ASSERT_TRUE(AddPartition(Id(2), 0));
  protocol::PartitionChangeRecord isr;
  isr.topic_id = Id(2);
  isr.partition_id = 0;
  isr.isr = {{1, 2}};
  ASSERT_TRUE(Apply(isr));
  protocol::PartitionChangeRecord leader;
  leader.topic_id = Id(2);
  leader.partition_id = 0;
  leader.leader = -1;
  ASSERT_TRUE(Apply(leader));
  const PartitionImage& partition = fold_.image().FindTopic("orders")->partitions[0];
  EXPECT_THAT(partition.isr, ElementsAre(BrokerId(1), BrokerId(2)));
  EXPECT_EQ(partition.leader, BrokerId(-1));
  EXPECT_EQ(partition.leader_epoch, LeaderEpoch(1));
  EXPECT_EQ(partition.partition_epoch, 2);
}

TEST_F(MetadataFoldTest, BrokersAreRegisteredFencedAndForgotten) {
  protocol::RegisterBrokerRecord registration;
  registration.broker_id = 7;
  registration.broker_epoch = 41;
  registration.rack = "r1";
  ASSERT_TRUE(Apply(registration));
  EXPECT_EQ(fold_.image().brokers().at(BrokerId(7)).epoch, 41);
  EXPECT_TRUE(fold_.image().brokers().at(BrokerId(7)).fenced);
  protocol::BrokerRegistrationChangeRecord change;
  change.broker_id = 7;
  change.fenced = -1;
  ASSERT_TRUE(Apply(change));
  EXPECT_FALSE(fold_.image().brokers().at(BrokerId(7)).fenced);
  protocol::FenceBrokerRecord fence;
  fence.id = 7;
  ASSERT_TRUE(Apply(fence));
  EXPECT_TRUE(fold_.image().brokers().at(BrokerId(7)).fenced);
  protocol::UnfenceBrokerRecord unfence;
  unfence.id = 7;
  ASSERT_TRUE(Apply(unfence));
  EXPECT_FALSE(fold_.image().brokers().at(BrokerId(7)).fenced);
  protocol::UnregisterBrokerRecord unregister;
  unregister.broker_id = 7;
  ASSERT_TRUE(Apply(unregister));
  EXPECT_THAT(fold_.image().brokers(), IsEmpty());
}

TEST_F(MetadataFoldTest, FeaturesAreFinalizedAndAtLevelZeroForgotten) {
  protocol::FeatureLevelRecord feature;
  feature.name = "group.version";
  feature.feature_level = 1;
  ASSERT_TRUE(Apply(feature));
  EXPECT_EQ(fold_.image().features().at("group.version"), 1);
  feature.feature_level = 0;
  ASSERT_TRUE(Apply(feature));
  EXPECT_THAT(fold_.image().features(), IsEmpty());
}

TEST_F(MetadataFoldTest, ANewerMetadataVersionIsRefused) {
  protocol::FeatureLevelRecord feature;
  feature.name = std::string(kMetadataVersionFeature);
  feature.feature_level = kMetadataVersion + 1;
  const Status applied = Apply(feature);
  ASSERT_FALSE(applied.has_value());
  EXPECT_EQ(applied.error().code, Errc::kUnsupportedVersion);
}

TEST_F(MetadataFoldTest, RecordsThatContradictWhatIsThereAreCorrupt) {
  EXPECT_EQ(AddPartition(Id(2), 0).error().code, Errc::kCorrupt);
  EXPECT_EQ(RemoveTopic(Id(2)).error().code, Errc::kCorrupt);
  ASSERT_TRUE(CreateTopic("orders", Id(2)));
  EXPECT_EQ(CreateTopic("orders", Id(3)).error().code, Errc::kCorrupt);
  EXPECT_EQ(CreateTopic("bills", Id(2)).error().code, Errc::kCorrupt);
  EXPECT_EQ(AddPartition(Id(2), 1).error().code, Errc::kCorrupt);
  EXPECT_EQ(AddPartition(Id(2), -1).error().code, Errc::kCorrupt);
  protocol::PartitionChangeRecord change;
  change.topic_id = Id(2);
  change.partition_id = 0;
  EXPECT_EQ(Apply(change).error().code, Errc::kCorrupt);
  protocol::FenceBrokerRecord fence;
  fence.id = 7;
  EXPECT_THAT(Apply(fence).error().detail, HasSubstr("broker 7"));
  protocol::ProducerIdsRecord ids;
  ids.next_producer_id = -1000;
  EXPECT_EQ(Apply(ids).error().code, Errc::kCorrupt);
}

TEST_F(MetadataFoldTest, ChangesListWhatIsNewGoneAndDifferent) {
  ASSERT_TRUE(CreateTopic("a-kept", Id(2)));
  ASSERT_TRUE(CreateTopic("b-grown", Id(3)));
  ASSERT_TRUE(CreateTopic("c-deleted", Id(4)));
  ASSERT_TRUE(CreateTopic("d-again", Id(5)));
  ASSERT_TRUE(SetConfig("a-kept", "retention.ms", "1"));
  const MetadataImagePtr before = fold_.Publish();
  ASSERT_TRUE(AddPartition(Id(3), 0));
  ASSERT_TRUE(RemoveTopic(Id(4)));
  ASSERT_TRUE(RemoveTopic(Id(5)));
  ASSERT_TRUE(CreateTopic("d-again", Id(6)));
  ASSERT_TRUE(SetConfig("b-grown", "retention.ms", "1"));
  const MetadataImagePtr after = fold_.Publish();

  std::vector<std::string> changes;
  for (const TopicChange& change : ChangedTopics(*before, *after)) {
    changes.push_back((change.before ? change.before->name : "-") + ">" +
                      (change.after ? change.after->name : "-"));
  }
  EXPECT_THAT(changes, ElementsAre("c-deleted>-", "d-again>-", "b-grown>b-grown", "->d-again"));
  EXPECT_THAT(ChangedConfigs(*before, *after),
              ElementsAre(ConfigResource(ConfigResourceType::kTopic, "b-grown")));
  EXPECT_THAT(ChangedTopics(*after, *after), IsEmpty());
  EXPECT_THAT(ChangedConfigs(*after, *after), IsEmpty());
}

}  // namespace
}  // namespace gneiss::server
