// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/api_keys.h"
#include "protocol/messages/list_partition_reassignments.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// ListPartitionReassignments (key 46), version 0.
//   Lists the partitions that are on their way to other brokers: none on a single node.
struct ListPartitionReassignmentsHandler {
  static constexpr ApiKey kKey = ApiKey::kListPartitionReassignments;
  static constexpr VersionRange kVersions{0, 0};
  using Request = protocol::ListPartitionReassignmentsRequest;
  using Response = protocol::ListPartitionReassignmentsResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
