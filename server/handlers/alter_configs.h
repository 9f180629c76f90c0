// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/api_keys.h"
#include "protocol/messages/alter_configs.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// AlterConfigs (key 33), versions 0-2.
//   Replaces a resource's whole set of dynamic configs: what is not named falls back to its
//   default. v2 flexible. The controller checks and writes; the rules are in
//   config/config_change.h.
struct AlterConfigsHandler {
  static constexpr ApiKey kKey = ApiKey::kAlterConfigs;
  static constexpr VersionRange kVersions{0, 2};
  using Request = protocol::AlterConfigsRequest;
  using Response = protocol::AlterConfigsResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
