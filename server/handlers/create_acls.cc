// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/create_acls.h"

#include "protocol/error_codes.h"

namespace gneiss::server {

boost::asio::awaitable<CreateAclsHandler::Response> CreateAclsHandler::Handle(RequestContext& ctx,
                                                                              Request request) {
  Response response;
  for (const auto& creation : request.creations) {
    if (creation.resource_type == 0 || creation.resource_pattern_type == 0 ||
        creation.operation == 0 || creation.permission_type == 0) {
      ctx.CloseConnection("CreateAcls with an unknown enumeration");
      co_return response;
    }
    auto& result = response.results.emplace_back();
    result.error_code = ToWire(protocol::ErrorCode::kSecurityDisabled);
    result.error_message = "This broker has no authorizer.";
  }
  co_return response;
}

}  // namespace gneiss::server
