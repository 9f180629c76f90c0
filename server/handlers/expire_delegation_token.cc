// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/expire_delegation_token.h"

#include "protocol/error_codes.h"

namespace gneiss::server {

boost::asio::awaitable<ExpireDelegationTokenHandler::Response> ExpireDelegationTokenHandler::Handle(
    RequestContext&, Request) {
  Response response;
  response.error_code = ToWire(protocol::ErrorCode::kDelegationTokenRequestNotAllowed);
  response.expiry_timestamp_ms = -1;
  co_return response;
}

}  // namespace gneiss::server
