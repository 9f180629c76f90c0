// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/leave_group.h"

#include <optional>
#include <utility>
#include <vector>

#include "server/broker.h"
#include "server/coordinator/group_coordinator.h"
#include "server/dispatch/error_mapping.h"

namespace gneiss::server {

namespace asio = boost::asio;

namespace {

using Request = LeaveGroupHandler::Request;
using Response = LeaveGroupHandler::Response;

std::vector<MemberIdentity> Leaving(Request request, std::int16_t version) {
  std::vector<MemberIdentity> members;
  if (version < 3) {
    members.push_back({std::move(request.member_id), std::nullopt});
    return members;
  }
  for (auto& member : request.members) {
    members.push_back({std::move(member.member_id), std::move(member.group_instance_id)});
  }
  return members;
}

Response ToResponse(LeaveResult result, std::int16_t version) {
  Response response;
  response.error_code = ToWire(result.error);
  if (version < 3) {
    if (!result.members.empty()) response.error_code = ToWire(result.members.front().error);
    return response;
  }
  for (LeftMember& member : result.members) {
    response.members.push_back({.member_id = std::move(member.identity.member_id),
                                .group_instance_id = std::move(member.identity.instance_id),
                                .error_code = ToWire(member.error)});
  }
  return response;
}

}  // namespace

asio::awaitable<Response> LeaveGroupHandler::Handle(RequestContext& ctx, Request request) {
  const std::string group = request.group_id;
  const std::vector<MemberIdentity> members = Leaving(std::move(request), ctx.version());
  co_return ToResponse(ctx.broker().groups().Leave(group, members), ctx.version());
}

}  // namespace gneiss::server
