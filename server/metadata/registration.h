// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "server/config/broker_config.h"
#include "server/metadata/metadata_image.h"
#include "server/metadata/metadata_records.h"

namespace gneiss::server {

// What a single node has to write at its start: the records of a new cluster upon the empty image,
// a new registration when the rack or the number of log directories has changed, mostly nothing.
// `log_end` is where the records will go. Errors: kInvalidArgument, with a sentence for the
// operator, when the image is that of another node.
Result<std::vector<MetadataRecord>> RegistrationRecords(const MetadataImage& image,
                                                        const BrokerConfig& config, Offset log_end);

}  // namespace gneiss::server
