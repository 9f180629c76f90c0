// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/messages/delete_groups.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// DeleteGroups (key 42), versions 0-2.
//   Deletes groups without members, and their offsets. A group that is named twice is answered
//   once. v2 flexible.
struct DeleteGroupsHandler {
  static constexpr ApiKey kKey = ApiKey::kDeleteGroups;
  static constexpr VersionRange kVersions{0, 2};
  using Request = protocol::DeleteGroupsRequest;
  using Response = protocol::DeleteGroupsResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
