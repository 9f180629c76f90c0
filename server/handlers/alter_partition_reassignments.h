// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/api_keys.h"
#include "protocol/messages/alter_partition_reassignments.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// AlterPartitionReassignments (key 45), versions 0-1.
//   Moves partitions to other brokers, which a single node has none of (metadata/reassignments.h).
//   v1 whether the number of replicas may change.
struct AlterPartitionReassignmentsHandler {
  static constexpr ApiKey kKey = ApiKey::kAlterPartitionReassignments;
  static constexpr VersionRange kVersions{0, 1};
  using Request = protocol::AlterPartitionReassignmentsRequest;
  using Response = protocol::AlterPartitionReassignmentsResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
