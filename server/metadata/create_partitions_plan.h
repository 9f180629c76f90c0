// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "protocol/messages/create_partitions.h"
#include "server/metadata/metadata_image.h"
#include "server/metadata/plan.h"

namespace gneiss::server {

// CreatePartitions: `count` is the new total. With assignments there must be exactly one for each
// new partition; null leaves the choice to us, an empty list does not.
// Threads: any.
Plan<protocol::CreatePartitionsResponse> PlanCreatePartitions(
    const MetadataImage& image, const PlanContext& context,
    const protocol::CreatePartitionsRequest& request);

}  // namespace gneiss::server
