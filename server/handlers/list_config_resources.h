// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/api_keys.h"
#include "protocol/messages/list_config_resources.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// ListConfigResources (key 74), versions 0-1.
//   Names the resources that have configs, of the types asked for: topics, brokers and their
//   loggers always have. v0 asks for client metrics only; in v1 an empty list asks for all types.
struct ListConfigResourcesHandler {
  static constexpr ApiKey kKey = ApiKey::kListConfigResources;
  static constexpr VersionRange kVersions{0, 1};
  using Request = protocol::ListConfigResourcesRequest;
  using Response = protocol::ListConfigResourcesResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
