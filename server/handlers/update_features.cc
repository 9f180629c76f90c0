// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/update_features.h"

#include <utility>

#include "server/broker.h"
#include "server/metadata/controller.h"

namespace gneiss::server {

boost::asio::awaitable<UpdateFeaturesHandler::Response> UpdateFeaturesHandler::Handle(
    RequestContext& ctx, Request request) {
  const ControllerRequest who{.version = ctx.version()};
  co_return co_await ctx.broker().controller().UpdateFeatures(who, std::move(request));
}

}  // namespace gneiss::server
