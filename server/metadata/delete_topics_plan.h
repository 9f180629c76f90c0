// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "protocol/messages/delete_topics.h"
#include "server/metadata/metadata_image.h"
#include "server/metadata/plan.h"

namespace gneiss::server {

// DeleteTopics by name (all versions) or id (v6+); a topic that is named twice, whether by name or
// by id, is refused and answered once. `version` decides the code when deletion is switched off.
// Threads: any.
Plan<protocol::DeleteTopicsResponse> PlanDeleteTopics(const MetadataImage& image,
                                                      const PlanContext& context,
                                                      std::int16_t version,
                                                      const protocol::DeleteTopicsRequest& request);

}  // namespace gneiss::server
