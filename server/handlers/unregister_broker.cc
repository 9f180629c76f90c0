// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/unregister_broker.h"

#include <utility>

#include "server/broker.h"
#include "server/metadata/controller.h"

namespace gneiss::server {

boost::asio::awaitable<UnregisterBrokerHandler::Response> UnregisterBrokerHandler::Handle(
    RequestContext& ctx, Request request) {
  const ControllerRequest who{.version = ctx.version()};
  co_return co_await ctx.broker().controller().UnregisterBroker(who, std::move(request));
}

}  // namespace gneiss::server
