// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/messages/leave_group.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// LeaveGroup (key 13), versions 0-5.
//   Removes members; static ones also by their instance id alone, as administrators do.
//   v0-2 one member, whose error is the answer's; v3 several, each with its own; v4 flexible, v5
//   the reason.
struct LeaveGroupHandler {
  static constexpr ApiKey kKey = ApiKey::kLeaveGroup;
  static constexpr VersionRange kVersions{0, 5};
  using Request = protocol::LeaveGroupRequest;
  using Response = protocol::LeaveGroupResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
