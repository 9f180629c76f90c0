// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/alter_partition_reassignments.h"

#include <utility>

#include "server/broker.h"
#include "server/metadata/controller.h"

namespace gneiss::server {

boost::asio::awaitable<AlterPartitionReassignmentsHandler::Response>
AlterPartitionReassignmentsHandler::Handle(RequestContext& ctx, Request request) {
  const ControllerRequest who{.version = ctx.version()};
  co_return co_await ctx.broker().controller().AlterPartitionReassignments(who, std::move(request));
}

}  // namespace gneiss::server
