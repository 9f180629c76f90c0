// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/sync_group.h"

#include <string>
#include <utility>

#include "server/broker.h"
#include "server/coordinator/group_coordinator.h"
#include "server/dispatch/error_mapping.h"
#include "server/net/await_callback.h"

namespace gneiss::server {
namespace {

using Request = SyncGroupHandler::Request;
using Response = SyncGroupHandler::Response;

SyncRequest ToSync(Request request) {
  SyncRequest sync;
  sync.caller = {{std::move(request.member_id), std::move(request.group_instance_id)},
                 request.generation_id};
  sync.protocol_type = std::move(request.protocol_type);
  sync.protocol_name = std::move(request.protocol_name);
  for (auto& part : request.assignments) {
    // Kept as long as the generation: a copy, so that the request's frame is not.
    sync.assignments.push_back(
        {std::move(part.member_id), SharedBytes::CopyOf(part.assignment.view())});
  }
  return sync;
}

}  // namespace

asio::awaitable<Response> SyncGroupHandler::Handle(RequestContext& ctx, Request request) {
  std::string group = std::move(request.group_id);
  SyncRequest sync = ToSync(std::move(request));
  auto start = [&groups = ctx.broker().groups(), group = std::move(group), sync = std::move(sync)](
                   auto done) mutable { groups.Sync(group, sync, std::move(done)); };
  SyncResult result = co_await AwaitCallback<SyncResult>(std::move(start));
  Response response;
  response.error_code = ToWire(result.error);
  response.protocol_type = std::move(result.protocol_type);
  response.protocol_name = std::move(result.protocol_name);
  response.assignment = std::move(result.assignment);
  co_return response;
}

}  // namespace gneiss::server
