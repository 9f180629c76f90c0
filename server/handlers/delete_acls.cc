// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/delete_acls.h"

#include "protocol/error_codes.h"

namespace gneiss::server {

boost::asio::awaitable<DeleteAclsHandler::Response> DeleteAclsHandler::Handle(RequestContext& ctx,
                                                                              Request request) {
  Response response;
  for (const auto& filter : request.filters) {
    if (filter.resource_type_filter == 0 || filter.pattern_type_filter == 0 ||
        filter.operation == 0 || filter.permission_type == 0) {
      ctx.CloseConnection("DeleteAcls with an unknown enumeration");
      co_return response;
    }
    auto& result = response.filter_results.emplace_back();
    result.error_code = ToWire(protocol::ErrorCode::kSecurityDisabled);
    result.error_message = "This broker has no authorizer.";
  }
  co_return response;
}

}  // namespace gneiss::server
