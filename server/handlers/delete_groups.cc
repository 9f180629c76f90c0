// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/delete_groups.h"

#include <string>
#include <unordered_set>
#include <utility>

#include "server/broker.h"
#include "server/coordinator/group_coordinator.h"
#include "server/dispatch/error_mapping.h"
#include "server/net/await_callback.h"

namespace gneiss::server {

asio::awaitable<DeleteGroupsHandler::Response> DeleteGroupsHandler::Handle(RequestContext& ctx,
                                                                           Request request) {
  Response response;
  std::unordered_set<std::string> seen;
  for (const std::string& group : request.groups_names) {
    if (!seen.insert(group).second) continue;
    auto start = [&groups = ctx.broker().groups(), group](auto done) mutable {
      groups.DeleteGroup(group, std::move(done));
    };
    const ErrorCode error = co_await AwaitCallback<ErrorCode>(std::move(start));
    response.results.push_back({.group_id = group, .error_code = ToWire(error)});
  }
  co_return response;
}

}  // namespace gneiss::server
