// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/join_group.h"

#include <chrono>
#include <string>
#include <utility>

#include "protocol/base/uuid.h"
#include "server/broker.h"
#include "server/coordinator/group_coordinator.h"
#include "server/dispatch/error_mapping.h"
#include "server/net/await_callback.h"

namespace gneiss::server {
namespace {

using Request = JoinGroupHandler::Request;
using Response = JoinGroupHandler::Response;

JoinRequest ToJoin(const RequestContext& ctx, Request request) {
  const std::int32_t rebalance_timeout_ms =
      ctx.version() >= 1 ? request.rebalance_timeout_ms : request.session_timeout_ms;
  JoinRequest join;
  join.identity = {std::move(request.member_id), std::move(request.group_instance_id)};
  join.client_id = ctx.client_id();
  join.client_host = ctx.connection().client_host;
  join.session_timeout = std::chrono::milliseconds(request.session_timeout_ms);
  join.rebalance_timeout = std::chrono::milliseconds(rebalance_timeout_ms);
  join.protocol_type = std::move(request.protocol_type);
  for (auto& protocol : request.protocols) {
    // Kept as long as the member: a copy, so that the request's frame is not.
    join.protocols.push_back(
        {std::move(protocol.name), SharedBytes::CopyOf(protocol.metadata.view())});
  }
  join.dialect = {.member_id_required = ctx.version() >= 4, .skip_assignment = ctx.version() >= 9};
  join.fresh_id = Uuid::Random();
  return join;
}

Response ToResponse(JoinResult result, std::int16_t version) {
  Response response;
  response.error_code = ToWire(result.error);
  response.generation_id = result.generation;
  response.protocol_type = std::move(result.protocol_type);
  response.protocol_name = std::move(result.protocol_name);
  if (!response.protocol_name && version < 7) response.protocol_name = "";
  response.leader = std::move(result.leader);
  response.skip_assignment = result.skip_assignment;
  response.member_id = std::move(result.member_id);
  for (JoinedMember& member : result.members) {
    response.members.push_back({.member_id = std::move(member.identity.member_id),
                                .group_instance_id = std::move(member.identity.instance_id),
                                .metadata = std::move(member.metadata)});
  }
  return response;
}

}  // namespace

asio::awaitable<Response> JoinGroupHandler::Handle(RequestContext& ctx, Request request) {
  std::string group = std::move(request.group_id);
  JoinRequest join = ToJoin(ctx, std::move(request));
  auto start = [&groups = ctx.broker().groups(), group = std::move(group), join = std::move(join)](
                   auto done) mutable { groups.Join(group, std::move(join), std::move(done)); };
  JoinResult result = co_await AwaitCallback<JoinResult>(std::move(start));
  co_return ToResponse(std::move(result), ctx.version());
}

}  // namespace gneiss::server
