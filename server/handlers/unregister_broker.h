// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/api_keys.h"
#include "protocol/messages/unregister_broker.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// UnregisterBroker (key 64), version 0.
//   Forgets a broker that is gone. The only broker of a single node cannot be: INVALID_REQUEST.
struct UnregisterBrokerHandler {
  static constexpr ApiKey kKey = ApiKey::kUnregisterBroker;
  static constexpr VersionRange kVersions{0, 0};
  using Request = protocol::UnregisterBrokerRequest;
  using Response = protocol::UnregisterBrokerResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
