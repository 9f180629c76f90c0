// SPDX-License-Identifier: Apache-2.0
#include "server/partition_table.h"

#include <algorithm>
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

// Index = partition id. Null: another broker leads it, or its log did not open.
using Partitions = std::vector<PartitionPtr>;

// Lets a map with string keys be searched by string_view.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};

engine::LogConfig LogConfigOf(const TopicConfig& topic) {
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
  config.producer_id_expiration_ms = topic.producer_id_expiration_ms;
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
    const PartitionPtr* const entry = FindEntry(topic, partition);
    return entry != nullptr ? *entry : nullptr;
  }

  bool HasNoLog(std::string_view topic, PartitionId partition) const {
    const MutexLock lock(mutex_);
    const PartitionPtr* const entry = FindEntry(topic, partition);
    return entry != nullptr && *entry == nullptr;
  }

  ServedTopics Topics(std::size_t shown_max) const {
    ServedTopics served;
    const MutexLock lock(mutex_);
    for (const auto& [name, partitions] : topics_) {
      const auto lead =
          std::ranges::find_if(partitions, [](const auto& p) { return p != nullptr; });
      if (lead != partitions.end()) served.shown.push_back({name, (*lead)->traffic});
    }
    served.topics = served.shown.size();
    const std::size_t shown = std::min(shown_max, served.shown.size());
    const auto end = served.shown.begin() + static_cast<std::ptrdiff_t>(shown);
    std::ranges::partial_sort(served.shown, end, {}, &ServedTopic::name);
    served.shown.erase(end, served.shown.end());
    return served;
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
    Refresh(after, touched);
  }

 private:
  // A topic whose entries are being made anew.
  struct Draft {
    std::shared_ptr<const TopicImage> topic;
    std::shared_ptr<const TopicConfig> config;
    Partitions old;
    std::shared_ptr<TopicTraffic> traffic = Traffic();

    // Goes on counting as long as the topic lives.
    std::shared_ptr<TopicTraffic> Traffic() const {
      for (const PartitionPtr& partition : old) {
        if (partition != nullptr && partition->topic_id == topic->id) return partition->traffic;
      }
      return std::make_shared<TopicTraffic>();
    }

    // The log that the partition has already, or null.
    std::shared_ptr<engine::PartitionLog> KnownLog(std::size_t index) const {
      const bool known =
          index < old.size() && old[index] != nullptr && old[index]->topic_id == topic->id;
      return known ? old[index]->log : nullptr;
    }
  };

  // Makes the entries of these topics anew, with the logs that they have already. The others are
  // opened in one call: a topic may have thousands.
  void Refresh(const MetadataImage& image, const std::set<std::string>& names) {
    std::vector<Draft> drafts;
    std::vector<engine::Engine::PartitionToOpen> missing;
    for (const std::string& name : names) {
      std::shared_ptr<const TopicImage> topic = image.FindTopic(name);
      if (topic == nullptr) continue;  // deleted together with its configs
      auto config = std::make_shared<const TopicConfig>(
          ResolveTopicConfig(config_, image, image.Configs(ConfigResourceType::kTopic, name)));
      const Draft& draft = drafts.emplace_back(std::move(topic), std::move(config), Snapshot(name));
      AddMissing(draft, missing);
    }
    const std::vector<engine::Engine::OpenedPartition> opened = engine_.OpenPartitions(missing);
    Report(missing, opened);
    auto next = opened.begin();
    for (const Draft& draft : drafts) {
      Partitions fresh(draft.topic->partitions.size());
      for (std::size_t i = 0; i < fresh.size(); ++i) {
        if (draft.topic->partitions[i].leader != config_.node_id) continue;
        fresh[i] = MakePartition(draft, i, next);
      }
      const MutexLock lock(mutex_);
      topics_[draft.topic->name] = std::move(fresh);
    }
  }

  void AddMissing(const Draft& draft, std::vector<engine::Engine::PartitionToOpen>& missing) const {
    const TopicImage& topic = *draft.topic;
    const engine::LogConfig log_config = LogConfigOf(*draft.config);
    for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
      if (topic.partitions[i].leader != config_.node_id || draft.KnownLog(i) != nullptr) continue;
      missing.push_back(
          {{topic.name, PartitionId(static_cast<std::int32_t>(i))}, topic.id, log_config});
    }
  }

  // `next` is the result of opening for the next partition that had no log.
  template <class Iterator>
  PartitionPtr MakePartition(const Draft& draft, std::size_t index, Iterator& next) const {
    auto partition = std::make_shared<Partition>();
    partition->tp = {draft.topic->name, PartitionId(static_cast<std::int32_t>(index))};
    partition->topic_id = draft.topic->id;
    partition->leader_epoch = draft.topic->partitions[index].leader_epoch;
    partition->config = draft.config;
    partition->traffic = draft.traffic;
    partition->log = draft.KnownLog(index);
    if (partition->log != nullptr) {
      partition->log->SetConfig(LogConfigOf(*draft.config));
    } else {
      const auto& opened = *next++;
      if (!opened) return nullptr;
      partition->log = *opened;
    }
    if (const Status begun = partition->log->BeginLeaderEpoch(partition->leader_epoch); !begun) {
      LOG(ERROR) << "partition is not served partition=" << partition->tp
                 << " error=" << begun.error().detail;
      return nullptr;
    }
    return partition;
  }

  // One line for all: a store that is offline has hundreds, and the engine has told of it.
  static void Report(const std::vector<engine::Engine::PartitionToOpen>& asked,
                     const std::vector<engine::Engine::OpenedPartition>& opened) {
    const auto failed = [](const auto& result) { return !result.has_value(); };
    const auto first = std::ranges::find_if(opened, failed);
    if (first == opened.end()) return;
    LOG(ERROR) << "partitions are not served count=" << std::ranges::count_if(opened, failed)
               << " first=" << asked[static_cast<std::size_t>(first - opened.begin())].tp
               << " error=" << first->error().detail;
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

  // Null: the table has not come to it.
  const PartitionPtr* FindEntry(std::string_view topic, PartitionId partition) const
      REQUIRES(mutex_) {
    const auto found = topics_.find(topic);
    if (found == topics_.end()) return nullptr;
    const Partitions& partitions = found->second;
    const auto index = static_cast<std::size_t>(partition.value());  // negative: very large
    return index < partitions.size() ? &partitions[index] : nullptr;
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
  bool IsOffline(std::string_view topic, PartitionId partition) const override {
    return partitions_->HasNoLog(topic, partition);
  }
  ServedTopics Topics(std::size_t shown_max) const override {
    return partitions_->Topics(shown_max);
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
