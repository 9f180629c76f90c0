// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/get_telemetry_subscriptions.h"

#include <string>
#include <utility>

#include "protocol/error_codes.h"
#include "server/broker.h"
#include "server/telemetry/client_telemetry.h"

namespace gneiss::server {
namespace {

ClientFacts FactsOf(const RequestContext& ctx) {
  const ConnectionInfo& connection = ctx.connection();
  const std::string& host = connection.client_host;
  return {{kClientId, ctx.client_id()},
          {kClientSoftwareName, connection.client_software_name},
          {kClientSoftwareVersion, connection.client_software_version},
          {kClientSourceAddress, host.starts_with('/') ? host.substr(1) : host},
          {kClientSourcePort, std::to_string(connection.client_port)}};
}

}  // namespace

boost::asio::awaitable<GetTelemetrySubscriptionsHandler::Response>
GetTelemetrySubscriptionsHandler::Handle(RequestContext& ctx, Request request) {
  ClientTelemetry& telemetry = ctx.broker().telemetry();
  Response response;
  auto grant = telemetry.Get(request.client_instance_id, FactsOf(ctx));
  if (!grant) {
    response.error_code = ToWire(grant.error());
    co_return response;
  }
  response.client_instance_id = grant->instance;
  response.subscription_id = grant->subscription_id;
  response.accepted_compression_types = {4, 3, 1, 2};  // zstd, lz4, gzip, snappy: as Kafka prefers
  response.push_interval_ms = static_cast<std::int32_t>(grant->interval.count());
  response.telemetry_max_bytes = static_cast<std::int32_t>(telemetry.push_bytes_max());
  response.delta_temporality = true;
  response.requested_metrics = std::move(grant->metrics);
  co_return response;
}

}  // namespace gneiss::server
