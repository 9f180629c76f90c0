// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <unordered_map>

#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "server/metadata/metadata_image.h"
#include "server/metadata/metadata_records.h"

namespace gneiss::server {

// MetadataFold applies records to an image, one after the other: image + records = next image.
// The maps of the image are copied when a record first touches them, once per fold, and a topic
// once per fold however many of its partitions change.
// Threads: one at a time. The image it began with stays as it was.
class MetadataFold {
 public:
  MetadataFold() = default;  // begins with the empty image
  explicit MetadataFold(const MetadataImage& image) : image_(image) {}

  // Applies the record at `offset`. Errors: kCorrupt for one that contradicts what is there, such
  // as a partition of an unknown topic; the fold is then useless.
  Status Apply(Offset offset, const MetadataRecord& record);

  // What has been applied so far; changes with the next Apply.
  const MetadataImage& image() const { return image_; }

  // The same, for good. The fold goes on from it.
  MetadataImagePtr Publish();

 private:
  Status Fold(Offset offset, const protocol::BrokerRegistrationChangeRecord& record);
  Status Fold(Offset offset, const protocol::ConfigRecord& record);
  Status Fold(Offset offset, const protocol::FeatureLevelRecord& record);
  Status Fold(Offset offset, const protocol::FenceBrokerRecord& record);
  Status Fold(Offset offset, const protocol::NoOpRecord& record);
  Status Fold(Offset offset, const protocol::PartitionChangeRecord& record);
  Status Fold(Offset offset, const protocol::PartitionRecord& record);
  Status Fold(Offset offset, const protocol::ProducerIdsRecord& record);
  Status Fold(Offset offset, const protocol::RegisterBrokerRecord& record);
  Status Fold(Offset offset, const protocol::RemoveTopicRecord& record);
  Status Fold(Offset offset, const protocol::TopicRecord& record);
  Status Fold(Offset offset, const protocol::UnfenceBrokerRecord& record);
  Status Fold(Offset offset, const protocol::UnregisterBrokerRecord& record);

  Result<BrokerImage*> FindBroker(BrokerId id);
  // A copy of the topic that this fold may change; it stands in the image already.
  Result<TopicImage*> MutableTopic(const Uuid& id);
  void Place(std::shared_ptr<TopicImage> topic);
  MetadataImage::Topics& MutableTopics();
  MetadataImage::TopicsById& MutableTopicsById();
  MetadataImage::AllConfigs& MutableConfigs();

  MetadataImage image_;
  // The parts of image_ that were copied since the last Publish; null when still shared.
  std::shared_ptr<MetadataImage::Topics> topics_;
  std::shared_ptr<MetadataImage::TopicsById> topics_by_id_;
  std::shared_ptr<MetadataImage::AllConfigs> configs_;
  std::unordered_map<Uuid, std::shared_ptr<TopicImage>> touched_;
};

}  // namespace gneiss::server
