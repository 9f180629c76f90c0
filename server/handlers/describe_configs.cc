// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/describe_configs.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string_view>
#include <utility>

#include "protocol/error_codes.h"
#include "server/broker.h"
#include "server/config/effective_config.h"
#include "server/limits.h"
#include "server/metadata/metadata_source.h"
#include "server/metadata/topic_name.h"

namespace gneiss::server {
namespace {

using protocol::ErrorCode;
using Asked = protocol::DescribeConfigsRequest::DescribeConfigsResource;
using Answer = protocol::DescribeConfigsResponse::DescribeConfigsResult;

Answer Refused(Answer answer, ErrorCode code, std::string message) {
  answer.error_code = protocol::ToWire(code);
  answer.error_message = std::move(message);
  return answer;
}

protocol::DescribeConfigsResponse::DescribeConfigsResourceResult ToWire(
    ConfigEntry entry, const protocol::DescribeConfigsRequest& request) {
  protocol::DescribeConfigsResponse::DescribeConfigsResourceResult wire;
  wire.name = std::move(entry.name);
  wire.value = std::move(entry.value);
  wire.read_only = entry.read_only;
  wire.config_source = static_cast<std::int8_t>(entry.source);
  wire.is_sensitive = entry.sensitive;
  wire.config_type = static_cast<std::int8_t>(entry.type);
  wire.documentation.reset();
  if (request.include_documentation) wire.documentation = std::string(entry.documentation);
  if (request.include_synonyms) {
    for (ConfigSynonym& synonym : entry.synonyms) {
      wire.synonyms.push_back({.name = std::move(synonym.name),
                               .value = std::move(synonym.value),
                               .source = static_cast<std::int8_t>(synonym.source)});
    }
  }
  return wire;
}

void Fill(std::vector<ConfigEntry> entries, const Asked& asked,
          const protocol::DescribeConfigsRequest& request, Answer& answer) {
  const auto& keys = asked.configuration_keys;
  for (ConfigEntry& entry : entries) {
    if (keys && std::ranges::find(*keys, entry.name) == keys->end()) continue;
    answer.configs.push_back(ToWire(std::move(entry), request));
  }
}

Answer AnswerTo(const Asked& asked) {
  Answer answer;
  answer.resource_type = asked.resource_type;
  answer.resource_name = asked.resource_name;
  return answer;
}

Answer TooMany(const Asked& asked) {
  return Refused(AnswerTo(asked), ErrorCode::kInvalidRequest, "Too many groups in one request");
}

Answer Describe(const Asked& asked, const protocol::DescribeConfigsRequest& request,
                const Broker& broker, const MetadataImage& image) {
  Answer answer = AnswerTo(asked);
  switch (static_cast<ConfigResourceType>(asked.resource_type)) {
    case ConfigResourceType::kTopic:
      if (const Status valid = CheckTopicName(asked.resource_name); !valid.has_value()) {
        return Refused(std::move(answer), ErrorCode::kInvalidTopicException, valid.error().detail);
      }
      if (image.FindTopic(asked.resource_name) == nullptr) {
        return Refused(std::move(answer), ErrorCode::kUnknownTopicOrPartition,
                       "There is no topic " + asked.resource_name);
      }
      Fill(DescribeTopicConfigs(broker.config(), image,
                                image.Configs(ConfigResourceType::kTopic, asked.resource_name)),
           asked, request, answer);
      return answer;
    case ConfigResourceType::kBroker:
      if (asked.resource_name.empty()) {
        Fill(DescribeClusterDefaults(image), asked, request, answer);
        return answer;
      }
      if (asked.resource_name != std::to_string(broker.config().node_id.value())) {
        return Refused(std::move(answer), ErrorCode::kInvalidRequest,
                       "This is broker " + std::to_string(broker.config().node_id.value()) +
                           ", not " + asked.resource_name);
      }
      Fill(DescribeBrokerConfigs(broker.config(), image), asked, request, answer);
      return answer;
    case ConfigResourceType::kGroup:
      if (asked.resource_name.empty()) {
        return Refused(std::move(answer), ErrorCode::kInvalidRequest, "A group has a name");
      }
      Fill(DescribeGroupConfigs(broker.config(), image, asked.resource_name), asked, request,
           answer);
      return answer;
    case ConfigResourceType::kBrokerLogger:
      if (asked.resource_name != std::to_string(broker.config().node_id.value())) {
        return Refused(std::move(answer), ErrorCode::kInvalidRequest, "This is another broker");
      }
      Fill(DescribeLoggers(), asked, request, answer);
      return answer;
    case ConfigResourceType::kClientMetrics:
      if (asked.resource_name.empty()) {
        return Refused(std::move(answer), ErrorCode::kInvalidRequest,
                       "A subscription needs a name");
      }
      Fill(DescribeClientMetrics(
               image.Configs(ConfigResourceType::kClientMetrics, asked.resource_name)),
           asked, request, answer);
      return answer;
  }
  return Refused(std::move(answer), ErrorCode::kInvalidRequest,
                 "Unknown resource type " + std::to_string(asked.resource_type));
}

}  // namespace

boost::asio::awaitable<DescribeConfigsHandler::Response> DescribeConfigsHandler::Handle(
    RequestContext& ctx, Request request) {
  const MetadataImagePtr image = ctx.broker().metadata().image();
  Response response;
  std::set<std::pair<std::int8_t, std::string_view>> seen;
  std::size_t groups = 0;
  for (const Asked& asked : request.resources) {
    // Once is enough, as in Kafka: a few bytes that repeat a name must not make 340 settings each.
    if (!seen.insert({asked.resource_type, asked.resource_name}).second) continue;
    const bool is_group =
        asked.resource_type == static_cast<std::int8_t>(ConfigResourceType::kGroup);
    const bool too_many = is_group && ++groups > limits::kGroupsDescribedMax;
    response.results.push_back(too_many ? TooMany(asked)
                                        : Describe(asked, request, ctx.broker(), *image));
  }
  co_return response;
}

}  // namespace gneiss::server
