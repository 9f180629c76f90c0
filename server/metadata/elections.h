// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "protocol/messages/elect_leaders.h"
#include "server/metadata/metadata_image.h"

namespace gneiss::server {

// ElectLeaders on a single node, which leads each partition that there is: an election, preferred
// or unclean, is never needed. Asked about all topics (null), the answer leaves out such partitions
// and names the topics alone, as Kafka's does.
// Threads: any.
protocol::ElectLeadersResponse AnswerElectLeaders(const MetadataImage& image,
                                                  const protocol::ElectLeadersRequest& request);

}  // namespace gneiss::server
