// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/describe_acls.h"

#include "protocol/error_codes.h"

namespace gneiss::server {

boost::asio::awaitable<DescribeAclsHandler::Response> DescribeAclsHandler::Handle(
    RequestContext& ctx, Request request) {
  Response response;
  if (request.resource_type_filter == 0 || request.pattern_type_filter == 0 ||
      request.operation == 0 || request.permission_type == 0) {
    ctx.CloseConnection("DescribeAcls with an unknown enumeration");
    co_return response;
  }
  response.error_code = ToWire(protocol::ErrorCode::kSecurityDisabled);
  response.error_message = "This broker has no authorizer.";
  co_return response;
}

}  // namespace gneiss::server
