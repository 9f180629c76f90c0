// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "protocol/messages/alter_configs.h"
#include "protocol/messages/incremental_alter_configs.h"
#include "server/metadata/metadata_image.h"
#include "server/metadata/plan.h"

namespace gneiss::server {

// Changes of configs: per resource all or nothing, the other resources go on. The rules of names
// and values are config/config_change.h's.
// Threads: any.
Plan<protocol::IncrementalAlterConfigsResponse> PlanIncrementalAlterConfigs(
    const MetadataImage& image, const PlanContext& context,
    const protocol::IncrementalAlterConfigsRequest& request);

// The older call: what a resource does not name falls back to its default.
Plan<protocol::AlterConfigsResponse> PlanAlterConfigs(const MetadataImage& image,
                                                      const PlanContext& context,
                                                      const protocol::AlterConfigsRequest& request);

}  // namespace gneiss::server
