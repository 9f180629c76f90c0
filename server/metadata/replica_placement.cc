// SPDX-License-Identifier: Apache-2.0
#include "server/metadata/replica_placement.h"

#include <algorithm>
#include <string>
#include <utility>

namespace gneiss::server {

std::expected<std::vector<ReplicaList>, Refusal> PlaceReplicas(const MetadataImage& image,
                                                               std::int32_t first_partition,
                                                               std::int32_t count,
                                                               std::int16_t replication_factor) {
  std::vector<std::int32_t> brokers;
  for (const auto& [id, broker] : image.brokers()) {
    if (!broker.fenced) brokers.push_back(id.value());
  }
  const auto wanted = static_cast<std::size_t>(replication_factor);
  if (wanted > brokers.size()) {
    return std::unexpected(Refusal{ErrorCode::kInvalidReplicationFactor,
                                   "A replication factor of " + std::to_string(replication_factor) +
                                       " needs as many brokers; there are " +
                                       std::to_string(brokers.size()) + "."});
  }
  std::vector<ReplicaList> placed(static_cast<std::size_t>(count));
  for (std::size_t p = 0; p < placed.size(); ++p) {
    placed[p].reserve(wanted);
    for (std::size_t r = 0; r < wanted; ++r) {
      const std::size_t at = static_cast<std::size_t>(first_partition) + p + r;
      placed[p].push_back(brokers[at % brokers.size()]);
    }
  }
  return placed;
}

std::optional<Refusal> CheckAssignment(const MetadataImage& image, const ReplicaList& replicas,
                                       std::optional<std::size_t> replication_factor) {
  const auto refuse = [](std::string why) {
    return Refusal{ErrorCode::kInvalidReplicaAssignment, std::move(why)};
  };
  if (replicas.empty()) return refuse("A partition needs at least one replica.");
  for (std::size_t i = 0; i < replicas.size(); ++i) {
    const std::int32_t id = replicas[i];
    if (!image.brokers().contains(BrokerId(id))) {
      return refuse("There is no broker " + std::to_string(id) + ".");
    }
    if (std::find(replicas.begin(), replicas.begin() + static_cast<std::ptrdiff_t>(i), id) !=
        replicas.begin() + static_cast<std::ptrdiff_t>(i)) {
      return refuse("Broker " + std::to_string(id) + " is named twice for one partition.");
    }
  }
  if (replication_factor && replicas.size() != *replication_factor) {
    return refuse("All partitions of a topic have equally many replicas: " +
                  std::to_string(*replication_factor) + ", not " + std::to_string(replicas.size()) +
                  ".");
  }
  return std::nullopt;
}

protocol::PartitionRecord NewPartition(const Uuid& topic_id, std::int32_t partition,
                                       const ReplicaList& replicas, const PlanContext& context) {
  protocol::PartitionRecord record;
  record.partition_id = partition;
  record.topic_id = topic_id;
  record.replicas = replicas;
  record.isr = replicas;
  record.leader = replicas.front();
  record.leader_epoch = 0;
  record.partition_epoch = 0;
  record.directories.assign(replicas.size(), context.directory_id);
  return record;
}

}  // namespace gneiss::server
