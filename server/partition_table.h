// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "engine/partition_log.h"
#include "protocol/base/ids.h"
#include "protocol/base/uuid.h"
#include "server/config/topic_config.h"

namespace gneiss::server {

// One partition that this broker leads: its log and what its topic says. Immutable; a change of
// config or epoch replaces it in the table.
struct Partition {
  TopicPartition tp;
  Uuid topic_id;
  LeaderEpoch leader_epoch;
  std::shared_ptr<engine::PartitionLog> log;
  std::shared_ptr<const TopicConfig> config;
};
using PartitionPtr = std::shared_ptr<const Partition>;

// PartitionTable holds the partitions that this broker serves. It follows the metadata: opens logs
// for new partitions, drops deleted ones, hands config changes on.
// Threads: any.
class PartitionTable {
 public:
  virtual ~PartitionTable() = default;

  virtual PartitionPtr Find(std::string_view topic, PartitionId partition) const = 0;  // or null
};

}  // namespace gneiss::server
