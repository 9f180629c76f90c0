// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/api_keys.h"
#include "protocol/messages/describe_acls.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// DescribeAcls (key 29), versions 1-3.
//   There is no authorizer: SECURITY_DISABLED. An enumeration of 0 closes the connection, as in
//   Kafka. v2 flexible, v3 user resources.
struct DescribeAclsHandler {
  static constexpr ApiKey kKey = ApiKey::kDescribeAcls;
  static constexpr VersionRange kVersions{1, 3};
  using Request = protocol::DescribeAclsRequest;
  using Response = protocol::DescribeAclsResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
