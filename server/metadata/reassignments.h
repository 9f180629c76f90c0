// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "protocol/messages/alter_partition_reassignments.h"
#include "protocol/messages/list_partition_reassignments.h"
#include "server/metadata/metadata_image.h"

namespace gneiss::server {

// AlterPartitionReassignments on a single node: the only assignment that its checks let through is
// the present one, so there is never anything to move, to list or to cancel.
// Threads: any.
protocol::AlterPartitionReassignmentsResponse AnswerAlterReassignments(
    const MetadataImage& image, const protocol::AlterPartitionReassignmentsRequest& request);

protocol::ListPartitionReassignmentsResponse AnswerListReassignments();

}  // namespace gneiss::server
