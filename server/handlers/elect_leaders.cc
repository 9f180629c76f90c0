// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/elect_leaders.h"

#include <utility>

#include "server/broker.h"
#include "server/metadata/controller.h"

namespace gneiss::server {

boost::asio::awaitable<ElectLeadersHandler::Response> ElectLeadersHandler::Handle(
    RequestContext& ctx, Request request) {
  const ControllerRequest who{.version = ctx.version()};
  co_return co_await ctx.broker().controller().ElectLeaders(who, std::move(request));
}

}  // namespace gneiss::server
