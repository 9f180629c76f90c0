// SPDX-License-Identifier: Apache-2.0
#include "server/metadata/snapshot_records.h"

#include <cstdint>
#include <string>
#include <vector>

namespace gneiss::server {
namespace {

using Visitor = std::function<Status(const MetadataRecord&)>;

std::vector<std::int32_t> Numbers(const std::vector<BrokerId>& brokers) {
  std::vector<std::int32_t> numbers;
  numbers.reserve(brokers.size());
  for (const BrokerId id : brokers) numbers.push_back(id.value());
  return numbers;
}

protocol::FeatureLevelRecord RecordOf(const std::string& feature, std::int16_t level) {
  protocol::FeatureLevelRecord record;
  record.name = feature;
  record.feature_level = level;
  return record;
}

protocol::RegisterBrokerRecord RecordOf(const BrokerImage& broker) {
  protocol::RegisterBrokerRecord record;
  record.broker_id = broker.id.value();
  record.incarnation_id = broker.incarnation_id;
  record.broker_epoch = broker.epoch;
  record.end_points = broker.end_points;
  record.features = broker.features;
  record.rack = broker.rack;
  record.fenced = broker.fenced;
  record.log_dirs = broker.log_dirs;
  return record;
}

protocol::PartitionRecord RecordOf(const TopicImage& topic, std::size_t index) {
  const PartitionImage& partition = topic.partitions[index];
  protocol::PartitionRecord record;
  record.partition_id = static_cast<std::int32_t>(index);
  record.topic_id = topic.id;
  record.replicas = Numbers(partition.replicas);
  record.isr = Numbers(partition.isr);
  record.leader = partition.leader.value();
  record.leader_epoch = partition.leader_epoch.value();
  record.partition_epoch = partition.partition_epoch;
  record.directories = partition.directories;
  return record;
}

Status VisitFeatures(const MetadataImage& image, const Visitor& visit) {
  const std::string version(kMetadataVersionFeature);
  if (const auto known = image.features().find(version); known != image.features().end()) {
    GNEISS_RETURN_IF_ERROR(visit(RecordOf(version, known->second)));
  }
  for (const auto& [name, level] : image.features()) {
    if (name != version) GNEISS_RETURN_IF_ERROR(visit(RecordOf(name, level)));
  }
  return {};
}

Status VisitTopics(const MetadataImage& image, const Visitor& visit) {
  for (const auto& [name, topic] : image.topics()) {
    protocol::TopicRecord record;
    record.name = name;
    record.topic_id = topic->id;
    GNEISS_RETURN_IF_ERROR(visit(record));
    for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
      GNEISS_RETURN_IF_ERROR(visit(RecordOf(*topic, i)));
    }
  }
  return {};
}

Status VisitConfigs(const MetadataImage& image, const Visitor& visit) {
  for (const auto& [resource, configs] : image.all_configs()) {
    protocol::ConfigRecord record;
    record.resource_type = static_cast<std::int8_t>(resource.first);
    record.resource_name = resource.second;
    for (const auto& [name, value] : configs) {
      record.name = name;
      record.value = value;
      GNEISS_RETURN_IF_ERROR(visit(record));
    }
  }
  return {};
}

}  // namespace

Status VisitSnapshotRecords(const MetadataImage& image, const Visitor& visit) {
  GNEISS_RETURN_IF_ERROR(VisitFeatures(image, visit));
  for (const auto& [id, broker] : image.brokers()) GNEISS_RETURN_IF_ERROR(visit(RecordOf(broker)));
  GNEISS_RETURN_IF_ERROR(VisitTopics(image, visit));
  GNEISS_RETURN_IF_ERROR(VisitConfigs(image, visit));
  if (image.next_producer_id() == 0) return {};
  protocol::ProducerIdsRecord record;
  record.next_producer_id = image.next_producer_id();
  if (!image.brokers().empty()) {
    record.broker_id = image.brokers().begin()->first.value();
    record.broker_epoch = image.brokers().begin()->second.epoch;
  }
  return visit(record);
}

}  // namespace gneiss::server
