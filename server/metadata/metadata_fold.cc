// SPDX-License-Identifier: Apache-2.0
#include "server/metadata/metadata_fold.h"

#include <string>
#include <utility>
#include <vector>

namespace gneiss::server {
namespace {

constexpr std::int32_t kLeaderUnchanged = -2;  // in a PartitionChangeRecord

std::vector<BrokerId> BrokerIds(const std::vector<std::int32_t>& ids) {
  std::vector<BrokerId> brokers;
  brokers.reserve(ids.size());
  for (const std::int32_t id : ids) brokers.emplace_back(id);
  return brokers;
}

std::unexpected<Error> Contradiction(std::string what) {
  return Fail(Errc::kCorrupt, "the metadata log contradicts itself: " + std::move(what));
}

}  // namespace

Status MetadataFold::Apply(Offset offset, const MetadataRecord& record) {
  GNEISS_RETURN_IF_ERROR(
      std::visit([&](const auto& message) { return Fold(offset, message); }, record));
  image_.offset_ = offset;
  return {};
}

MetadataImagePtr MetadataFold::Publish() {
  auto published = std::make_shared<const MetadataImage>(image_);
  // Readers hold these now: the next change copies them again.
  topics_.reset();
  topics_by_id_.reset();
  configs_.reset();
  touched_.clear();
  return published;
}

Status MetadataFold::Fold(Offset, const protocol::TopicRecord& record) {
  if (image_.FindTopic(record.name) != nullptr || image_.FindTopic(record.topic_id) != nullptr) {
    return Contradiction("topic " + record.name + " is created twice");
  }
  auto topic = std::make_shared<TopicImage>();
  topic->name = record.name;
  topic->id = record.topic_id;
  Place(std::move(topic));
  return {};
}

Status MetadataFold::Fold(Offset, const protocol::PartitionRecord& record) {
  GNEISS_ASSIGN_OR_RETURN(TopicImage * topic, MutableTopic(record.topic_id));
  if (record.partition_id < 0) {
    return Contradiction("topic " + topic->name + " has a partition with a negative number");
  }
  const auto index = static_cast<std::size_t>(record.partition_id);
  // Kafka writes the partitions of a topic in order, and so do we: a gap means a lost record.
  if (index > topic->partitions.size()) {
    return Contradiction("topic " + topic->name + " lacks a partition before " +
                         std::to_string(record.partition_id));
  }
  if (index == topic->partitions.size()) topic->partitions.emplace_back();
  PartitionImage& partition = topic->partitions[index];
  partition.replicas = BrokerIds(record.replicas);
  partition.isr = BrokerIds(record.isr);
  partition.leader = BrokerId(record.leader);
  partition.leader_epoch = LeaderEpoch(record.leader_epoch);
  partition.partition_epoch = record.partition_epoch;
  partition.directories = record.directories;
  return {};
}

Status MetadataFold::Fold(Offset, const protocol::PartitionChangeRecord& record) {
  GNEISS_ASSIGN_OR_RETURN(TopicImage * topic, MutableTopic(record.topic_id));
  if (record.partition_id < 0 ||
      static_cast<std::size_t>(record.partition_id) >= topic->partitions.size()) {
    return Contradiction("a change of " + topic->name + "-" + std::to_string(record.partition_id) +
                         ", which does not exist");
  }
  PartitionImage& partition = topic->partitions[static_cast<std::size_t>(record.partition_id)];
  if (record.isr) partition.isr = BrokerIds(*record.isr);
  if (record.replicas) partition.replicas = BrokerIds(*record.replicas);
  if (record.directories) partition.directories = *record.directories;
  if (record.leader != kLeaderUnchanged) {
    partition.leader = BrokerId(record.leader);
    ++partition.leader_epoch;
  }
  ++partition.partition_epoch;
  return {};
}

Status MetadataFold::Fold(Offset, const protocol::RemoveTopicRecord& record) {
  const std::shared_ptr<const TopicImage> topic = image_.FindTopic(record.topic_id);
  if (topic == nullptr) {
    return Contradiction("the removal of topic id " + record.topic_id.ToString() +
                         ", which does not exist");
  }
  MutableTopics().erase(topic->name);
  MutableTopicsById().erase(topic->id);
  touched_.erase(topic->id);
  // A topic's settings go with it; Kafka writes no records for that.
  const ConfigResource resource(ConfigResourceType::kTopic, topic->name);
  if (image_.configs_->contains(resource)) MutableConfigs().erase(resource);
  return {};
}

Status MetadataFold::Fold(Offset, const protocol::ConfigRecord& record) {
  const ConfigResource resource(static_cast<ConfigResourceType>(record.resource_type),
                                record.resource_name);
  MetadataImage::AllConfigs& configs = MutableConfigs();
  if (record.value) {
    configs[resource][record.name] = *record.value;
    return {};
  }
  const auto found = configs.find(resource);
  if (found == configs.end()) return {};
  found->second.erase(record.name);
  if (found->second.empty()) configs.erase(found);
  return {};
}

Status MetadataFold::Fold(Offset, const protocol::FeatureLevelRecord& record) {
  if (record.name == kMetadataVersionFeature && record.feature_level > kMetadataVersion) {
    return Fail(Errc::kUnsupportedVersion,
                "the metadata is of version " + std::to_string(record.feature_level) +
                    ", this broker knows versions up to " + std::to_string(kMetadataVersion));
  }
  if (record.feature_level == 0) {
    image_.features_.erase(record.name);  // level 0 means: not finalized
  } else {
    image_.features_[record.name] = record.feature_level;
  }
  return {};
}

Status MetadataFold::Fold(Offset, const protocol::ProducerIdsRecord& record) {
  if (record.next_producer_id < image_.next_producer_id_) {
    return Contradiction("producer ids go back to " + std::to_string(record.next_producer_id));
  }
  image_.next_producer_id_ = record.next_producer_id;
  return {};
}

Status MetadataFold::Fold(Offset, const protocol::RegisterBrokerRecord& record) {
  BrokerImage broker;
  broker.id = BrokerId(record.broker_id);
  broker.epoch = record.broker_epoch;  // not the offset: a snapshot may have moved the record
  broker.incarnation_id = record.incarnation_id;
  broker.end_points = record.end_points;
  broker.features = record.features;
  broker.rack = record.rack;
  broker.log_dirs = record.log_dirs;
  broker.fenced = record.fenced;
  image_.brokers_[broker.id] = std::move(broker);
  return {};
}

Status MetadataFold::Fold(Offset, const protocol::UnregisterBrokerRecord& record) {
  GNEISS_ASSIGN_OR_RETURN(const BrokerImage* broker, FindBroker(BrokerId(record.broker_id)));
  image_.brokers_.erase(broker->id);
  return {};
}

Status MetadataFold::Fold(Offset, const protocol::BrokerRegistrationChangeRecord& record) {
  GNEISS_ASSIGN_OR_RETURN(BrokerImage * broker, FindBroker(BrokerId(record.broker_id)));
  // -1 unfences, 1 fences, 0 leaves it as it is.
  if (record.fenced != 0) broker->fenced = record.fenced > 0;
  return {};
}

Status MetadataFold::Fold(Offset, const protocol::FenceBrokerRecord& record) {
  GNEISS_ASSIGN_OR_RETURN(BrokerImage * broker, FindBroker(BrokerId(record.id)));
  broker->fenced = true;
  return {};
}

Status MetadataFold::Fold(Offset, const protocol::UnfenceBrokerRecord& record) {
  GNEISS_ASSIGN_OR_RETURN(BrokerImage * broker, FindBroker(BrokerId(record.id)));
  broker->fenced = false;
  return {};
}

Status MetadataFold::Fold(Offset, const protocol::NoOpRecord&) { return {}; }

Result<BrokerImage*> MetadataFold::FindBroker(BrokerId id) {
  const auto found = image_.brokers_.find(id);
  if (found == image_.brokers_.end()) {
    return Contradiction("broker " + std::to_string(id.value()) + " was never registered");
  }
  return &found->second;
}

Result<TopicImage*> MetadataFold::MutableTopic(const Uuid& id) {
  const auto found = touched_.find(id);
  if (found != touched_.end()) return found->second.get();
  const std::shared_ptr<const TopicImage> topic = image_.FindTopic(id);
  if (topic == nullptr) {
    return Contradiction("a record for topic id " + id.ToString() + ", which does not exist");
  }
  auto copy = std::make_shared<TopicImage>(*topic);
  TopicImage* mutable_topic = copy.get();
  Place(std::move(copy));
  return mutable_topic;
}

void MetadataFold::Place(std::shared_ptr<TopicImage> topic) {
  MutableTopics()[topic->name] = topic;
  MutableTopicsById()[topic->id] = topic;
  const Uuid id = topic->id;
  touched_[id] = std::move(topic);
}

MetadataImage::Topics& MetadataFold::MutableTopics() {
  if (topics_ == nullptr) {
    topics_ = std::make_shared<MetadataImage::Topics>(*image_.topics_);
    image_.topics_ = topics_;
  }
  return *topics_;
}

MetadataImage::TopicsById& MetadataFold::MutableTopicsById() {
  if (topics_by_id_ == nullptr) {
    topics_by_id_ = std::make_shared<MetadataImage::TopicsById>(*image_.topics_by_id_);
    image_.topics_by_id_ = topics_by_id_;
  }
  return *topics_by_id_;
}

MetadataImage::AllConfigs& MetadataFold::MutableConfigs() {
  if (configs_ == nullptr) {
    configs_ = std::make_shared<MetadataImage::AllConfigs>(*image_.configs_);
    image_.configs_ = configs_;
  }
  return *configs_;
}

}  // namespace gneiss::server
