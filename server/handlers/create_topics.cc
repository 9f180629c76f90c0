// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/create_topics.h"

#include <utility>

#include "server/broker.h"
#include "server/metadata/controller.h"

namespace gneiss::server {

boost::asio::awaitable<CreateTopicsHandler::Response> CreateTopicsHandler::Handle(
    RequestContext& ctx, Request request) {
  const ControllerRequest who{.version = ctx.version()};
  co_return co_await ctx.broker().controller().CreateTopics(who, std::move(request));
}

}  // namespace gneiss::server
