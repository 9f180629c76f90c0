// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/messages/find_coordinator.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// FindCoordinator (key 10), versions 0-6.
//   Answers the leader of the partition of __consumer_offsets that a group belongs to. The topic is
//   made if it is missing; COORDINATOR_NOT_AVAILABLE, which clients retry, if that fails.
//   v1 key types, v3 flexible, v4 several keys at once, v6 the key type of share groups.
//   Transactions are not served yet: their type is answered with UNSUPPORTED_VERSION, which the
//   clients report to the application, where COORDINATOR_NOT_AVAILABLE would have them retry for
//   ever. Share groups get INVALID_REQUEST, as from a Kafka on which they are switched off.
struct FindCoordinatorHandler {
  static constexpr ApiKey kKey = ApiKey::kFindCoordinator;
  static constexpr VersionRange kVersions{0, 6};
  using Request = protocol::FindCoordinatorRequest;
  using Response = protocol::FindCoordinatorResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
