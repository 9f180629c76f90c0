// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/messages/consumer_group_heartbeat.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// ConsumerGroupHeartbeat (key 68), versions 0-1.
//   Everything that a member of a group of the new protocol (KIP-848) says: it joins (epoch 0),
//   stays, leaves (-1, or -2 for a static member that comes back), reports what it holds, and is
//   told what to hold. Answered when it is durable.
//   v1 a subscription by regular expression, and member ids made by the client; in v0 the first
//   heartbeat may have none and is answered with one.
struct ConsumerGroupHeartbeatHandler {
  static constexpr ApiKey kKey = ApiKey::kConsumerGroupHeartbeat;
  static constexpr VersionRange kVersions{0, 1};
  using Request = protocol::ConsumerGroupHeartbeatRequest;
  using Response = protocol::ConsumerGroupHeartbeatResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
