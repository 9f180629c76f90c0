// SPDX-License-Identifier: Apache-2.0
#include "server/partition_table.h"

#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <glog/logging.h>

#include "engine/engine.h"
#include "protocol/base/mutex.h"
#include "server/config/broker_config.h"
#include "server/config/effective_config.h"
#include "server/metadata/metadata_image.h"
#include "server/metadata/metadata_source.h"

namespace gneiss::server {
namespace {

using Partitions = std::vector<PartitionPtr>;  // index = partition id; null: not served here

// Lets a map with string keys be searched by string_view.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};

engine::LogConfig LogConfigOf(const TopicConfig& topic, const BrokerConfig& broker) {
  engine::LogConfig config;
  config.cleanup_delete = topic.cleanup_delete;
  config.cleanup_compact = topic.cleanup_compact;
  config.retention_ms = topic.retention_ms;
  config.retention_bytes = topic.retention_bytes;
  config.segment_ms = topic.segment_ms;
  config.segment_bytes = topic.segment_bytes;
  config.delete_retention_ms = topic.delete_retention_ms;
  config.min_compaction_lag_ms = topic.min_compaction_lag_ms;
  config.max_compaction_lag_ms = topic.max_compaction_lag_ms;
  config.min_cleanable_dirty_ratio = topic.min_cleanable_dirty_ratio;
  config.flush_messages = topic.flush_messages;
  config.flush_ms = topic.flush_ms;
  config.producer_id_expiration_ms = broker.producer_id_expiration_ms;
  return config;
}

// LeadPartitions is the table of a node and what keeps it up to date.
// Threads: Find any; the rest on the thread that applies metadata changes, one call at a time.
class LeadPartitions {
 public:
  LeadPartitions(engine::Engine& engine, const BrokerConfig& config)
      : engine_(engine), config_(config) {}

  PartitionPtr Find(std::string_view topic, PartitionId partition) const {
    const MutexLock lock(mutex_);
    const auto found = topics_.find(topic);
    if (found == topics_.end()) return nullptr;
    const Partitions& partitions = found->second;
    const auto index = static_cast<std::size_t>(partition.value());  // negative: very large
    return index < partitions.size() ? partitions[index] : nullptr;
  }

  void Follow(const MetadataImage& before, const MetadataImage& after) {
    std::set<std::string> touched;
    for (const TopicChange& change : ChangedTopics(before, after)) {
      if (change.after == nullptr) {
        Drop(*change.before);
      } else {
        touched.insert(change.after->name);
      }
    }
    for (const auto& [type, name] : ChangedConfigs(before, after)) {
      if (type == ConfigResourceType::kTopic) touched.insert(name);
      if (type != ConfigResourceType::kBroker) continue;
      // A broker-wide default may show through in any topic.
      for (const auto& [topic, image] : after.topics()) touched.insert(topic);
    }
    for (const std::string& name : touched) {
      const std::shared_ptr<const TopicImage> topic = after.FindTopic(name);
      if (topic != nullptr) Refresh(after, *topic);  // null: deleted together with its configs
    }
  }

 private:
  // Makes the topic's entries anew, with the logs that it has already.
  void Refresh(const MetadataImage& image, const TopicImage& topic) {
    auto config = std::make_shared<const TopicConfig>(
        ResolveTopicConfig(config_, image, image.Configs(ConfigResourceType::kTopic, topic.name)));
    const Partitions old = Snapshot(topic.name);
    Partitions fresh(topic.partitions.size());
    for (std::size_t i = 0; i < fresh.size(); ++i) {
      if (topic.partitions[i].leader != config_.node_id) continue;
      const bool known = i < old.size() && old[i] != nullptr && old[i]->topic_id == topic.id;
      fresh[i] = MakePartition(topic, i, config, known ? old[i]->log : nullptr);
    }
    const MutexLock lock(mutex_);
    topics_[topic.name] = std::move(fresh);
  }

  PartitionPtr MakePartition(const TopicImage& topic, std::size_t index,
                             std::shared_ptr<const TopicConfig> config,
                             std::shared_ptr<engine::PartitionLog> log) {
    auto partition = std::make_shared<Partition>();
    partition->tp = {topic.name, PartitionId(static_cast<std::int32_t>(index))};
    partition->topic_id = topic.id;
    partition->leader_epoch = topic.partitions[index].leader_epoch;
    const engine::LogConfig log_config = LogConfigOf(*config, config_);
    if (log != nullptr) {
      log->SetConfig(log_config);
    } else {
      auto opened = engine_.OpenPartition(partition->tp, topic.id, log_config);
      if (!opened) return Report(partition->tp, opened.error());
      log = std::move(*opened);
    }
    const Status begun = log->BeginLeaderEpoch(partition->leader_epoch);
    if (!begun) return Report(partition->tp, begun.error());
    partition->log = std::move(log);
    partition->config = std::move(config);
    return partition;
  }

  static PartitionPtr Report(const TopicPartition& tp, const Error& error) {
    LOG(ERROR) << "partition is not served partition=" << tp << " error=" << error.detail;
    return nullptr;
  }

  void Drop(const TopicImage& topic) {
    {
      const MutexLock lock(mutex_);
      topics_.erase(topic.name);
    }
    for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
      engine_.DropPartition({topic.name, PartitionId(static_cast<std::int32_t>(i))}, topic.id);
    }
  }

  Partitions Snapshot(const std::string& topic) const {
    const MutexLock lock(mutex_);
    const auto found = topics_.find(topic);
    return found == topics_.end() ? Partitions() : found->second;
  }

  engine::Engine& engine_;
  const BrokerConfig& config_;
  mutable Mutex mutex_;
  std::unordered_map<std::string, Partitions, TextHash, std::equal_to<>> topics_ GUARDED_BY(mutex_);
};

// The table shares its contents with its subscription, so either may go first.
class MetadataPartitionTable final : public PartitionTable {
 public:
  explicit MetadataPartitionTable(std::shared_ptr<LeadPartitions> partitions)
      : partitions_(std::move(partitions)) {}

  PartitionPtr Find(std::string_view topic, PartitionId partition) const override {
    return partitions_->Find(topic, partition);
  }

 private:
  std::shared_ptr<LeadPartitions> partitions_;
};

}  // namespace

std::unique_ptr<PartitionTable> PartitionTable::Open(
    engine::Engine& engine, MetadataSource& metadata, const BrokerConfig& config,
    const std::function<bool(const Uuid&)>& is_removed) {
  auto partitions = std::make_shared<LeadPartitions>(engine, config);
  partitions->Follow(MetadataImage(), *metadata.image());
  engine.DropRemoved(is_removed);
  metadata.Subscribe([partitions](const MetadataImage& before, const MetadataImage& after) {
    partitions->Follow(before, after);
  });
  return std::make_unique<MetadataPartitionTable>(std::move(partitions));
}

}  // namespace gneiss::server
