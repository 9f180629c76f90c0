// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/api_keys.h"
#include "protocol/messages/describe_cluster.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// DescribeCluster (key 60), versions 0-2.
//   Answers the cluster's id and brokers, as Metadata does. v1 endpoint type, v2 fenced brokers.
//   Controllers (endpoint type 2) are not found at a broker's listener: MISMATCHED_ENDPOINT_TYPE.
struct DescribeClusterHandler {
  static constexpr ApiKey kKey = ApiKey::kDescribeCluster;
  static constexpr VersionRange kVersions{0, 2};
  using Request = protocol::DescribeClusterRequest;
  using Response = protocol::DescribeClusterResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
