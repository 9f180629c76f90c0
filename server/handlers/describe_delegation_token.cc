// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/describe_delegation_token.h"

#include "protocol/error_codes.h"

namespace gneiss::server {

boost::asio::awaitable<DescribeDelegationTokenHandler::Response>
DescribeDelegationTokenHandler::Handle(RequestContext&, Request) {
  Response response;
  response.error_code = ToWire(protocol::ErrorCode::kDelegationTokenRequestNotAllowed);
  co_return response;
}

}  // namespace gneiss::server
