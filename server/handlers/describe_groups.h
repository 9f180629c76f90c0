// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/messages/describe_groups.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// DescribeGroups (key 15), versions 0-6.
//   State and members of classic groups.
//   v3 authorized operations, v4 instance ids, v5 flexible, v6 an unknown group is
//   GROUP_ID_NOT_FOUND (before, it is Dead without an error).
struct DescribeGroupsHandler {
  static constexpr ApiKey kKey = ApiKey::kDescribeGroups;
  static constexpr VersionRange kVersions{0, 6};
  using Request = protocol::DescribeGroupsRequest;
  using Response = protocol::DescribeGroupsResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
