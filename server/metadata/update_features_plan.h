// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "protocol/messages/update_features.h"
#include "server/metadata/metadata_image.h"
#include "server/metadata/plan.h"

namespace gneiss::server {

// UpdateFeatures: all updates or none, for one bad one fails the request. Up to v1 each feature has
// a result of its own. metadata.version does not go down: Kafka 4.3 refuses that too from the
// levels that it starts with.
// Threads: any.
Plan<protocol::UpdateFeaturesResponse> PlanUpdateFeatures(
    const MetadataImage& image, const PlanContext& context, std::int16_t version,
    const protocol::UpdateFeaturesRequest& request);

// The configs that must stand before eligible.leader.replicas.version is 1: the cluster-wide
// min.insync.replicas is set, so that its default can no longer change under a partition, and no
// broker has one of its own. Empty when all is so.
std::vector<MetadataRecord> EligibleLeaderConfigs(const MetadataImage& image,
                                                  const BrokerConfig& config);

}  // namespace gneiss::server
