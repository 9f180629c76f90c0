// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/list_config_resources.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "protocol/error_codes.h"
#include "server/broker.h"
#include "server/metadata/metadata_source.h"

namespace gneiss::server {
namespace {

using Response = protocol::ListConfigResourcesResponse;

constexpr std::array kTypes{ConfigResourceType::kGroup, ConfigResourceType::kClientMetrics,
                            ConfigResourceType::kBrokerLogger, ConfigResourceType::kBroker,
                            ConfigResourceType::kTopic};

void Append(ConfigResourceType type, const std::string& name, Response& response) {
  response.config_resources.push_back({name, static_cast<std::int8_t>(type)});
}

void AppendAll(ConfigResourceType type, const MetadataImage& image, Response& response) {
  switch (type) {
    case ConfigResourceType::kTopic:
      for (const auto& [name, topic] : image.topics()) Append(type, name, response);
      return;
    case ConfigResourceType::kBroker:
    case ConfigResourceType::kBrokerLogger:
      for (const auto& [id, broker] : image.brokers()) {
        Append(type, std::to_string(id.value()), response);
      }
      return;
    case ConfigResourceType::kClientMetrics:
    case ConfigResourceType::kGroup:
      for (const auto& [resource, configs] : image.all_configs()) {
        if (resource.first == type) Append(type, resource.second, response);
      }
      return;
  }
}

}  // namespace

boost::asio::awaitable<ListConfigResourcesHandler::Response> ListConfigResourcesHandler::Handle(
    RequestContext& ctx, Request request) {
  Response response;
  std::vector<std::int8_t> wanted = std::move(request.resource_types);
  if (ctx.version() == 0) wanted = {static_cast<std::int8_t>(ConfigResourceType::kClientMetrics)};
  const auto is_known = [](std::int8_t type) {
    return std::ranges::find(kTypes, static_cast<ConfigResourceType>(type)) != kTypes.end();
  };
  if (!std::ranges::all_of(wanted, is_known)) {
    response.error_code = ToWire(protocol::ErrorCode::kUnsupportedVersion);
    co_return response;
  }
  const MetadataImagePtr image = ctx.broker().metadata().image();
  for (const ConfigResourceType type : kTypes) {
    const bool asked = std::ranges::find(wanted, static_cast<std::int8_t>(type)) != wanted.end();
    if (asked || wanted.empty()) AppendAll(type, *image, response);
  }
  co_return response;
}

}  // namespace gneiss::server
