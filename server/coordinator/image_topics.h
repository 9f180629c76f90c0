// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "server/coordinator/group_topics.h"
#include "server/metadata/metadata_image.h"

namespace gneiss::server {

// The topics of one image, as groups of consumers see them. Never null. Threads: any.
std::shared_ptr<const GroupTopics> MakeGroupTopics(MetadataImagePtr image);

}  // namespace gneiss::server
