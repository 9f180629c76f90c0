// SPDX-License-Identifier: Apache-2.0
#include "server/partition_lookup.h"

#include <memory>

namespace gneiss::server {

namespace {

const PartitionImage* ImageOf(const TopicImage* topic, PartitionId partition) {
  if (topic == nullptr || partition.value() < 0) return nullptr;
  const auto index = static_cast<std::size_t>(partition.value());
  return index < topic->partitions.size() ? &topic->partitions[index] : nullptr;
}

PartitionFinder::Leader LeaderOf(const TopicImage* topic, PartitionId partition) {
  const PartitionImage* image = ImageOf(topic, partition);
  if (image == nullptr) return {};
  return {image->leader, image->leader_epoch};
}

}  // namespace

PartitionLookup PartitionFinder::Find(std::string_view topic, PartitionId partition) const {
  if (PartitionPtr found = table_->Find(topic, partition)) return {std::move(found)};
  const std::shared_ptr<const TopicImage> image = image_->FindTopic(topic);
  return FindIn(image.get(), partition);
}

PartitionLookup PartitionFinder::Find(const Uuid& topic_id, PartitionId partition) const {
  const std::shared_ptr<const TopicImage> image = image_->FindTopic(topic_id);
  if (image == nullptr) return {nullptr, ErrorCode::kUnknownTopicId};
  if (PartitionPtr found = table_->Find(image->name, partition)) {
    // The topic was deleted and made anew between the image and the table.
    if (found->topic_id != topic_id) return {nullptr, ErrorCode::kInconsistentTopicId};
    return {std::move(found)};
  }
  return FindIn(image.get(), partition);
}

PartitionLookup PartitionFinder::FindIn(const TopicImage* topic, PartitionId partition) const {
  const PartitionImage* image = ImageOf(topic, partition);
  if (image == nullptr) return {nullptr, ErrorCode::kUnknownTopicOrPartition};
  const bool offline = image->leader == self_ && table_->IsOffline(topic->name, partition);
  return {nullptr, offline ? ErrorCode::kKafkaStorageError : ErrorCode::kNotLeaderOrFollower};
}

PartitionFinder::Leader PartitionFinder::FindLeader(std::string_view topic,
                                                    PartitionId partition) const {
  const std::shared_ptr<const TopicImage> image = image_->FindTopic(topic);
  return LeaderOf(image.get(), partition);
}

PartitionFinder::Leader PartitionFinder::FindLeader(const Uuid& topic_id,
                                                    PartitionId partition) const {
  const std::shared_ptr<const TopicImage> image = image_->FindTopic(topic_id);
  return LeaderOf(image.get(), partition);
}

ErrorCode CheckLeaderEpoch(const Partition& partition, LeaderEpoch asked) {
  if (asked == kNoLeaderEpoch || asked == partition.leader_epoch) return ErrorCode::kNone;
  return asked < partition.leader_epoch ? ErrorCode::kFencedLeaderEpoch
                                        : ErrorCode::kUnknownLeaderEpoch;
}

}  // namespace gneiss::server
