// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "protocol/base/ids.h"
#include "protocol/base/uuid.h"
#include "protocol/messages/metadata/register_broker_record.h"
#include "server/config/topic_config.h"

namespace gneiss::server {

struct PartitionImage {
  std::vector<BrokerId> replicas;
  std::vector<BrokerId> isr;
  BrokerId leader{-1};
  LeaderEpoch leader_epoch{0};
  std::int32_t partition_epoch = 0;
  std::vector<Uuid> directories;  // of the replicas, in their order; zero: not assigned

  bool operator==(const PartitionImage&) const = default;
};

// A broker as its registration describes it.
struct BrokerImage {
  BrokerId id{-1};
  std::int64_t epoch = -1;  // offset of the registration
  Uuid incarnation_id;
  std::vector<protocol::RegisterBrokerRecord::BrokerEndpoint> end_points;
  std::vector<protocol::RegisterBrokerRecord::BrokerFeature> features;
  std::optional<std::string> rack;
  std::vector<Uuid> log_dirs;  // one id per log directory, in the order of log.dirs
  bool fenced = true;

  bool operator==(const BrokerImage&) const = default;
};

struct TopicImage {
  std::string name;
  Uuid id;
  std::vector<PartitionImage> partitions;  // index = partition id

  bool operator==(const TopicImage&) const = default;
};

// A resource that carries configs: Kafka's resource type (2 topic, 4 broker, ...) and its name;
// broker "" is the cluster-wide default.
enum class ConfigResourceType : std::int8_t {
  kTopic = 2,
  kBroker = 4,
  kBrokerLogger = 8,
  kClientMetrics = 16,
  kGroup = 32,
};
using ConfigResource = std::pair<ConfigResourceType, std::string>;

// MetadataImage is the state of the cluster at one offset of the metadata log: a fold over Kafka's
// metadata records. Handlers read it; nobody changes it.
// Threads: any (immutable once published).
class MetadataImage {
 public:
  using Topics = std::map<std::string, std::shared_ptr<const TopicImage>, std::less<>>;

  using AllConfigs = std::map<ConfigResource, ConfigMap>;

  const Topics& topics() const { return *topics_; }  // ordered by name
  std::shared_ptr<const TopicImage> FindTopic(std::string_view name) const;
  std::shared_ptr<const TopicImage> FindTopic(const Uuid& id) const;
  // The settings made on the resource itself; empty when none.
  const ConfigMap& Configs(ConfigResourceType type, const std::string& name) const;
  const AllConfigs& all_configs() const { return *configs_; }
  const std::map<BrokerId, BrokerImage>& brokers() const { return brokers_; }
  // Finalized feature levels by name, e.g. metadata.version.
  const std::map<std::string, std::int16_t>& features() const { return features_; }
  Offset offset() const { return offset_; }
  // The first producer id that has not been given out in a block.
  std::int64_t next_producer_id() const { return next_producer_id_; }

 private:
  friend class MetadataFold;  // builds images from records (metadata/metadata_fold.h)

  using TopicsById = std::unordered_map<Uuid, std::shared_ptr<const TopicImage>>;

  // Images share what did not change between them; so a change of a config copies no topics, and
  // two images with the same pointer have the same topics.
  std::shared_ptr<const Topics> topics_ = std::make_shared<const Topics>();
  std::shared_ptr<const TopicsById> topics_by_id_ = std::make_shared<const TopicsById>();
  std::shared_ptr<const AllConfigs> configs_ = std::make_shared<const AllConfigs>();
  std::map<BrokerId, BrokerImage> brokers_;
  std::map<std::string, std::int16_t> features_;
  std::int64_t next_producer_id_ = 0;
  Offset offset_{-1};
};

using MetadataImagePtr = std::shared_ptr<const MetadataImage>;

// What became of one topic between two images. Never both null; the ids are equal when neither is
// (a topic that was deleted and made again shows as two changes).
struct TopicChange {
  std::shared_ptr<const TopicImage> before;  // null: created
  std::shared_ptr<const TopicImage> after;   // null: deleted
};
// Deletions first. Free when no topic changed, else one walk over both maps.
std::vector<TopicChange> ChangedTopics(const MetadataImage& before, const MetadataImage& after);

// The resources whose own settings differ, among them those of created and deleted topics.
std::vector<ConfigResource> ChangedConfigs(const MetadataImage& before, const MetadataImage& after);

// __consumer_offsets, __transaction_state, __share_group_state: clients may not write to them.
bool IsInternalTopic(std::string_view name);

}  // namespace gneiss::server
