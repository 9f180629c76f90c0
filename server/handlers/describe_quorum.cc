// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/describe_quorum.h"

#include <utility>

#include "server/broker.h"
#include "server/metadata/controller.h"

namespace gneiss::server {

boost::asio::awaitable<DescribeQuorumHandler::Response> DescribeQuorumHandler::Handle(
    RequestContext& ctx, Request request) {
  const ControllerRequest who{.version = ctx.version()};
  Response response = co_await ctx.broker().controller().DescribeQuorum(who, std::move(request));
  if (ctx.version() < 2) response.nodes.clear();  // there is no place for them
  // A node without controller listeners of its own is found where this client found it.
  for (Response::Node& node : response.nodes) {
    if (!node.listeners.empty()) continue;
    const ConnectionInfo& connection = ctx.connection();
    node.listeners.push_back(
        {connection.listener, connection.advertised.host, connection.advertised.port});
  }
  co_return response;
}

}  // namespace gneiss::server
