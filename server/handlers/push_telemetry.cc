// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/push_telemetry.h"

#include <utility>

#include "protocol/error_codes.h"
#include "server/broker.h"
#include "server/net/storage_pool.h"
#include "server/telemetry/client_telemetry.h"

namespace gneiss::server {

boost::asio::awaitable<PushTelemetryHandler::Response> PushTelemetryHandler::Handle(
    RequestContext& ctx, Request request) {
  using protocol::ErrorCode;
  ClientTelemetry& telemetry = ctx.broker().telemetry();
  Response response;
  const auto grant = telemetry.Push({.instance = request.client_instance_id,
                                     .subscription_id = request.subscription_id,
                                     .terminating = request.terminating,
                                     .known_codec = IsTelemetryCodec(request.compression_type),
                                     .bytes = request.metrics.size()});
  if (!grant) {
    response.error_code = ToWire(grant.error());
    co_return response;
  }
  if (request.metrics.size() == 0) co_return response;
  PushingClient client{grant->instance, ctx.client_id(), grant->interval};
  auto work = [&telemetry, client = std::move(client), codec = request.compression_type,
               metrics = std::move(request.metrics)]() -> Result<ErrorCode> {
    return telemetry.Post(client, codec, metrics);
  };
  const Result<ErrorCode> posted = co_await ctx.broker().storage().Run<ErrorCode>(std::move(work));
  response.error_code = ToWire(*posted);  // the work has no way to fail
  co_return response;
}

}  // namespace gneiss::server
