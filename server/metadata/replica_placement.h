// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <vector>

#include "server/metadata/metadata_image.h"
#include "server/metadata/plan.h"

namespace gneiss::server {

using ReplicaList = std::vector<std::int32_t>;  // broker ids, the preferred leader first

// Spreads `count` partitions over the brokers that are not fenced, going round; `first_partition`
// is the number of the first. Refused when there are fewer brokers than replicas asked for.
std::expected<std::vector<ReplicaList>, Refusal> PlaceReplicas(const MetadataImage& image,
                                                               std::int32_t first_partition,
                                                               std::int32_t count,
                                                               std::int16_t replication_factor);

// Checks a partition's replicas as a client named them: some, no broker twice, all registered, and
// as many as `replication_factor` says, if it says so.
std::optional<Refusal> CheckAssignment(const MetadataImage& image, const ReplicaList& replicas,
                                       std::optional<std::size_t> replication_factor);

// The record of a new partition whose replicas are all in sync and whose first replica leads.
protocol::PartitionRecord NewPartition(const Uuid& topic_id, std::int32_t partition,
                                       const ReplicaList& replicas, const PlanContext& context);

}  // namespace gneiss::server
