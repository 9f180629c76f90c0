// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/api_keys.h"
#include "protocol/messages/renew_delegation_token.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// RenewDelegationToken (key 39), versions 1-2.
//   Tokens are for authenticated clients: DELEGATION_TOKEN_REQUEST_NOT_ALLOWED. v2 flexible.
struct RenewDelegationTokenHandler {
  static constexpr ApiKey kKey = ApiKey::kRenewDelegationToken;
  static constexpr VersionRange kVersions{1, 2};
  using Request = protocol::RenewDelegationTokenRequest;
  using Response = protocol::RenewDelegationTokenResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
