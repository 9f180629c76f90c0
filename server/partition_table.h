// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/partition_log.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/base/uuid.h"
#include "server/config/topic_config.h"
#include "server/metrics/topic_traffic.h"

namespace gneiss::engine {
class Engine;
}

namespace gneiss::server {

struct BrokerConfig;
class MetadataSource;

// One partition that this broker leads: its log and what its topic says. Immutable; a change of
// config or epoch replaces it in the table.
struct Partition {
  TopicPartition tp;
  Uuid topic_id;
  LeaderEpoch leader_epoch;
  std::shared_ptr<engine::PartitionLog> log;
  std::shared_ptr<const TopicConfig> config;
  std::shared_ptr<TopicTraffic> traffic = nullptr;  // of the topic
};
using PartitionPtr = std::shared_ptr<const Partition>;

struct ServedTopic {
  std::string name;
  std::shared_ptr<const TopicTraffic> traffic;
};
// The topics with partitions here, the first by name.
struct ServedTopics {
  std::size_t topics = 0;  // all
  std::vector<ServedTopic> shown;
};

// PartitionTable holds the partitions that this broker serves. It follows the metadata: opens logs
// for new partitions, drops deleted ones, hands config changes on.
// Threads: any.
class PartitionTable {
 public:
  virtual ~PartitionTable() = default;

  // Opens the logs of all partitions that the metadata has, has the engine drop what is left of
  // topics for which `is_removed` says so, and follows the metadata from then on. `engine` and
  // `config` outlive the last change of the metadata. A log that does not open is reported and left
  // out, which clients see as KAFKA_STORAGE_ERROR: the others are served.
  static std::unique_ptr<PartitionTable> Open(engine::Engine& engine, MetadataSource& metadata,
                                              const BrokerConfig& config,
                                              const std::function<bool(const Uuid&)>& is_removed);

  virtual PartitionPtr Find(std::string_view topic, PartitionId partition) const = 0;  // or null

  // Of a partition that this broker leads: true when its log did not open, false as long as the
  // table has not come to it (the metadata are known to all a moment earlier).
  virtual bool IsOffline(std::string_view topic, PartitionId partition) const = 0;

  // Goes through all names: not for event loops.
  virtual ServedTopics Topics(std::size_t shown_max) const = 0;
};

}  // namespace gneiss::server
