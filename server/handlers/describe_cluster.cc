// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/describe_cluster.h"

#include "protocol/error_codes.h"
#include "server/broker.h"
#include "server/handlers/authorized_operations.h"

namespace gneiss::server {
namespace {

constexpr std::int8_t kBrokers = 1;
constexpr std::int8_t kControllers = 2;

}  // namespace

boost::asio::awaitable<DescribeClusterHandler::Response> DescribeClusterHandler::Handle(
    RequestContext& ctx, Request request) {
  Response response;
  if (request.endpoint_type != kBrokers) {
    const bool known = request.endpoint_type == kControllers;
    response.error_code = ToWire(known ? protocol::ErrorCode::kMismatchedEndpointType
                                       : protocol::ErrorCode::kUnsupportedEndpointType);
    response.error_message = known ? "This listener belongs to a broker, not to a controller."
                                   : "The endpoint type is unknown.";
    co_return response;
  }
  const Broker& broker = ctx.broker();
  response.cluster_id = broker.cluster_id();
  response.controller_id = broker.config().node_id.value();
  auto& self = response.brokers.emplace_back();
  self.broker_id = broker.config().node_id.value();
  self.host = ctx.connection().advertised.host;
  self.port = ctx.connection().advertised.port;
  self.rack = broker.config().rack;
  if (request.include_cluster_authorized_operations) {
    response.cluster_authorized_operations = kAllClusterOperations;
  }
  co_return response;
}

}  // namespace gneiss::server
