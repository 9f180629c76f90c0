// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/api_keys.h"
#include "protocol/messages/create_delegation_token.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// CreateDelegationToken (key 38), versions 1-3.
//   Tokens are for authenticated clients: DELEGATION_TOKEN_REQUEST_NOT_ALLOWED. v2 flexible, v3
//   owners.
struct CreateDelegationTokenHandler {
  static constexpr ApiKey kKey = ApiKey::kCreateDelegationToken;
  static constexpr VersionRange kVersions{1, 3};
  using Request = protocol::CreateDelegationTokenRequest;
  using Response = protocol::CreateDelegationTokenResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
