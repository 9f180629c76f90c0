// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/list_partition_reassignments.h"

#include <utility>

#include "server/broker.h"
#include "server/metadata/controller.h"

namespace gneiss::server {

boost::asio::awaitable<ListPartitionReassignmentsHandler::Response>
ListPartitionReassignmentsHandler::Handle(RequestContext& ctx, Request request) {
  const ControllerRequest who{.version = ctx.version()};
  co_return co_await ctx.broker().controller().ListPartitionReassignments(who, std::move(request));
}

}  // namespace gneiss::server
