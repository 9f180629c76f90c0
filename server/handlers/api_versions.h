// SPDX-License-Identifier: Apache-2.0
// ApiVersions (key 18), versions 0-4.
//   Tells what this broker speaks: the list of handlers.h, and the features.
//   v1 throttle time, v3 flexible, client software and features, v4 features whose minimum is 0.
//   A version above ours is answered in version 0 with UNSUPPORTED_VERSION, so that a newer client
//   can step down; the connection stays usable. Its body is not looked at.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/messages/api_versions.h"
#include "protocol/wire/writer.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

struct ApiVersionsHandler {
  static constexpr ApiKey kKey = ApiKey::kApiVersions;
  static constexpr VersionRange kVersions{0, 4};
  using Request = protocol::ApiVersionsRequest;
  using Response = protocol::ApiVersionsResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
  static void RefuseVersion(wire::Writer& out);
};

}  // namespace gneiss::server
