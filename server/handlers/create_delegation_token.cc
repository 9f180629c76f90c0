// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/create_delegation_token.h"

#include "protocol/error_codes.h"

namespace gneiss::server {

boost::asio::awaitable<CreateDelegationTokenHandler::Response> CreateDelegationTokenHandler::Handle(
    RequestContext& ctx, Request) {
  Response response;
  response.error_code = ToWire(protocol::ErrorCode::kDelegationTokenRequestNotAllowed);
  response.principal_type = "User";
  response.principal_name = "ANONYMOUS";
  if (ctx.version() >= 3) {
    response.token_requester_principal_type = response.principal_type;
    response.token_requester_principal_name = response.principal_name;
  }
  response.issue_timestamp_ms = -1;
  response.expiry_timestamp_ms = -1;
  response.max_timestamp_ms = -1;
  co_return response;
}

}  // namespace gneiss::server
