// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/messages/heartbeat.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// Heartbeat (key 12), versions 0-4.
//   Keeps a member's session and tells it of a rebalance.
//   v3 static members, v4 flexible.
struct HeartbeatHandler {
  static constexpr ApiKey kKey = ApiKey::kHeartbeat;
  static constexpr VersionRange kVersions{0, 4};
  using Request = protocol::HeartbeatRequest;
  using Response = protocol::HeartbeatResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
