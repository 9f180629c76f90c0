// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/heartbeat.h"

#include <utility>

#include "server/broker.h"
#include "server/coordinator/group_coordinator.h"
#include "server/dispatch/error_mapping.h"

namespace gneiss::server {

namespace asio = boost::asio;

asio::awaitable<HeartbeatHandler::Response> HeartbeatHandler::Handle(RequestContext& ctx,
                                                                     Request request) {
  const GenerationIdentity caller{
      {std::move(request.member_id), std::move(request.group_instance_id)}, request.generation_id};
  Response response;
  response.error_code = ToWire(ctx.broker().groups().Heartbeat(request.group_id, caller));
  co_return response;
}

}  // namespace gneiss::server
