// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/api_keys.h"
#include "protocol/messages/create_acls.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// CreateAcls (key 30), versions 1-3.
//   There is no authorizer: SECURITY_DISABLED for each. An enumeration of 0 closes the connection,
//   as in Kafka. v2 flexible, v3 user resources.
struct CreateAclsHandler {
  static constexpr ApiKey kKey = ApiKey::kCreateAcls;
  static constexpr VersionRange kVersions{1, 3};
  using Request = protocol::CreateAclsRequest;
  using Response = protocol::CreateAclsResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
