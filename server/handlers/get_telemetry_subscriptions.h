// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/api_keys.h"
#include "protocol/messages/get_telemetry_subscriptions.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// GetTelemetrySubscriptions (key 71), version 0.
//   Tells a client which metrics it is to push, and how often (KIP-714): the union of the client
//   metrics subscriptions that match it.
struct GetTelemetrySubscriptionsHandler {
  static constexpr ApiKey kKey = ApiKey::kGetTelemetrySubscriptions;
  static constexpr VersionRange kVersions{0, 0};
  using Request = protocol::GetTelemetrySubscriptionsRequest;
  using Response = protocol::GetTelemetrySubscriptionsResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
