// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "server/broker.h"
#include "server/dispatch/request_context.h"
#include "server/metadata/features.h"
#include "server/metadata/metadata_source.h"

namespace gneiss::server {

// Whether the cluster has agreed on the new protocol of consumer groups (KIP-848). One that was
// made before it was served has not, until an operator raises group.version.
inline bool HasConsumerProtocol(const RequestContext& ctx) {
  const MetadataImagePtr image = ctx.broker().metadata().image();
  const auto level = image->features().find(std::string(kGroupVersionFeature));
  return level != image->features().end() && level->second > 0;
}

}  // namespace gneiss::server
