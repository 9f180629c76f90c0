// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/messages/join_group.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// JoinGroup (key 11), versions 0-9.
//   Enters a classic group or comes back to it; answered when the group has a new generation, which
//   may take as long as the rebalance timeout.
//   v1 a rebalance timeout of its own (before, the session timeout), v4 a first join is answered
//   with the member id to come back with (KIP-394), v5 static members (KIP-345), v6 flexible, v7
//   the protocol type, and a null protocol name in errors, v8 the reason, v9 SkipAssignment.
struct JoinGroupHandler {
  static constexpr ApiKey kKey = ApiKey::kJoinGroup;
  static constexpr VersionRange kVersions{0, 9};
  using Request = protocol::JoinGroupRequest;
  using Response = protocol::JoinGroupResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
