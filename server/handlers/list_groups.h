// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/messages/list_groups.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// ListGroups (key 16), versions 0-5.
//   The groups that this broker coordinates.
//   v3 flexible, v4 states and a filter by them, v5 types and a filter by them. Filters do not mind
//   upper and lower case; a name that is no state or type matches nothing.
struct ListGroupsHandler {
  static constexpr ApiKey kKey = ApiKey::kListGroups;
  static constexpr VersionRange kVersions{0, 5};
  using Request = protocol::ListGroupsRequest;
  using Response = protocol::ListGroupsResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
