// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/api_keys.h"
#include "protocol/messages/push_telemetry.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// PushTelemetry (key 72), version 0.
//   Takes the metrics of a client (KIP-714), an OTLP message, and shows them on the metrics page.
struct PushTelemetryHandler {
  static constexpr ApiKey kKey = ApiKey::kPushTelemetry;
  static constexpr VersionRange kVersions{0, 0};
  using Request = protocol::PushTelemetryRequest;
  using Response = protocol::PushTelemetryResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
