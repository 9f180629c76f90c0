// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/api_keys.h"
#include "protocol/messages/incremental_alter_configs.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// IncrementalAlterConfigs (key 44), versions 0-1.
//   Sets, deletes, appends to and subtracts from configs (KIP-339). All or nothing per resource.
//   v1 flexible.
//   The controller checks and writes; the rules are in config/config_change.h. Levels of loggers
//   are set here (config/log_levels.h).
struct IncrementalAlterConfigsHandler {
  static constexpr ApiKey kKey = ApiKey::kIncrementalAlterConfigs;
  static constexpr VersionRange kVersions{0, 1};
  using Request = protocol::IncrementalAlterConfigsRequest;
  using Response = protocol::IncrementalAlterConfigsResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
