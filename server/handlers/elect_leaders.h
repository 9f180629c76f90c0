// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/api_keys.h"
#include "protocol/messages/elect_leaders.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// ElectLeaders (key 43), versions 0-2.
//   Elects preferred leaders or, uncleanly, any (metadata/elections.h). v1 election type and an
//   error of the request, v2 flexible.
struct ElectLeadersHandler {
  static constexpr ApiKey kKey = ApiKey::kElectLeaders;
  static constexpr VersionRange kVersions{0, 2};
  using Request = protocol::ElectLeadersRequest;
  using Response = protocol::ElectLeadersResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
