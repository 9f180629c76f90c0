// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "protocol/base/result.h"
#include "server/metadata/metadata_image.h"
#include "server/metadata/metadata_records.h"

namespace gneiss::server {

// Gives records that lead from nothing to `image`, in an order that MetadataFold takes: features
// (metadata.version first, since it says how to read the rest), brokers, topics with their
// partitions, configs, producer ids. Stops at the first error that `visit` returns.
// Threads: any.
Status VisitSnapshotRecords(const MetadataImage& image,
                            const std::function<Status(const MetadataRecord&)>& visit);

}  // namespace gneiss::server
