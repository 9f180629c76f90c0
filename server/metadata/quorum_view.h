// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "protocol/base/ids.h"
#include "protocol/messages/describe_quorum.h"
#include "server/metadata/metadata_image.h"

namespace gneiss::server {

// DescribeQuorum of a quorum of one: this node leads it and is its only voter, and what it has
// written is committed. Asked for anything but the one partition of __cluster_metadata, or for
// anything beside it, all that is asked for is unknown, as in Kafka. The node comes without
// listeners: where it is found depends on whom the answer is for.
// Threads: any.
protocol::DescribeQuorumResponse DescribeQuorumOfOne(
    BrokerId node, const MetadataImage& image, TimestampMs now,
    const protocol::DescribeQuorumRequest& request);

}  // namespace gneiss::server
