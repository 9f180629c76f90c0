// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "protocol/messages/create_topics.h"
#include "server/metadata/metadata_image.h"
#include "server/metadata/plan.h"

namespace gneiss::server {

// CreateTopics with Kafka's checks, in Kafka's order; answers in the order of the request, a name
// that occurs twice once. With ValidateOnly the records are left out.
// Threads: any.
Plan<protocol::CreateTopicsResponse> PlanCreateTopics(const MetadataImage& image,
                                                      const PlanContext& context,
                                                      const protocol::CreateTopicsRequest& request);

}  // namespace gneiss::server
