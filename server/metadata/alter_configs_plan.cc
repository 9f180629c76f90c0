// SPDX-License-Identifier: Apache-2.0
#include "server/metadata/alter_configs_plan.h"

#include <algorithm>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "server/config/config_change.h"
#include "server/metadata/features.h"
#include "server/metadata/topic_name.h"

namespace gneiss::server {
namespace {

// The resource must be one that this broker can answer for.
std::optional<Refusal> CheckResource(const MetadataImage& image, const BrokerConfig& config,
                                     const ConfigResource& resource) {
  const auto& [type, name] = resource;
  if (type == ConfigResourceType::kTopic) {
    if (name.empty()) return Refusal{ErrorCode::kInvalidRequest, "Topics have no common configs."};
    if (const Status legal = CheckTopicName(name); !legal) {
      return Refusal{ErrorCode::kInvalidTopicException, legal.error().detail};
    }
    if (image.FindTopic(name) == nullptr) {
      return Refusal{ErrorCode::kUnknownTopicOrPartition, "There is no topic " + name + "."};
    }
  }
  if (type == ConfigResourceType::kGroup && name.empty()) {
    return Refusal{ErrorCode::kInvalidRequest, "Groups have no common configs."};
  }
  if (type == ConfigResourceType::kClientMetrics && name.empty()) {
    return Refusal{ErrorCode::kInvalidRequest, "A subscription needs a name."};
  }
  const bool names_broker = type == ConfigResourceType::kBroker && !name.empty();
  if (names_broker && name != std::to_string(config.node_id.value())) {
    return Refusal{ErrorCode::kInvalidRequest,
                   "This is broker " + std::to_string(config.node_id.value()) +
                       ", which cannot change the configs of broker '" + name + "'."};
  }
  return std::nullopt;
}

// While eligible.leader.replicas.version is 1, min.insync.replicas is the cluster's to say and
// always said.
template <class Resource>
std::optional<Refusal> CheckEligibleLeaders(const MetadataImage& image,
                                            const ConfigResource& resource, const Resource& wire,
                                            const ConfigMap& after) {
  static constexpr const char* kName = "min.insync.replicas";
  const auto& [type, broker] = resource;
  if (type != ConfigResourceType::kBroker) return std::nullopt;
  if (!image.features().contains(std::string(kEligibleLeaderReplicasFeature))) return std::nullopt;
  const auto is_it = [](const auto& config) { return config.name == kName; };
  if (!broker.empty() && std::ranges::any_of(wire.configs, is_it)) {
    return Refusal{ErrorCode::kInvalidConfig,
                   "A broker has no min.insync.replicas of its own while eligible leader replicas "
                   "are kept."};
  }
  if (broker.empty() && !after.contains(kName)) {
    return Refusal{ErrorCode::kInvalidConfig,
                   "The cluster's min.insync.replicas cannot go while eligible leader replicas "
                   "are kept."};
  }
  return std::nullopt;
}

// The records that turn one set of a resource's own settings into another.
void AppendRecords(const ConfigResource& resource, const ConfigMap& before, const ConfigMap& after,
                   std::vector<MetadataRecord>& records) {
  const auto append = [&](const std::string& name, std::optional<std::string> value) {
    protocol::ConfigRecord record;
    record.resource_type = static_cast<std::int8_t>(resource.first);
    record.resource_name = resource.second;
    record.name = name;
    record.value = std::move(value);
    records.emplace_back(std::move(record));
  };
  for (const auto& [name, value] : before) {
    if (!after.contains(name)) append(name, std::nullopt);
  }
  for (const auto& [name, value] : after) {
    const auto old = before.find(name);
    if (old == before.end() || old->second != value) append(name, value);
  }
}

// Both requests have the same frame; `change(resource, wire resource)` gives a resource's
// new settings.
template <class Request, class Response, class Change>
Plan<Response> PlanChanges(const MetadataImage& image, const PlanContext& context,
                           const Request& request, Change change) {
  Plan<Response> plan;
  const auto key = [](const auto& wire) {
    return ConfigResource(static_cast<ConfigResourceType>(wire.resource_type), wire.resource_name);
  };
  std::map<ConfigResource, int> occurrences;
  for (const auto& wire : request.resources) ++occurrences[key(wire)];
  for (const auto& wire : request.resources) {
    const ConfigResource resource = key(wire);
    auto& result = plan.response.responses.emplace_back();
    result.resource_type = wire.resource_type;
    result.resource_name = wire.resource_name;
    result.error_message = std::nullopt;
    if (occurrences[resource] > 1) {
      Refuse(result, {ErrorCode::kInvalidRequest, "The resource is named more than once."});
      continue;
    }
    if (std::optional<Refusal> refusal = CheckResource(image, context.config, resource)) {
      Refuse(result, std::move(*refusal));
      continue;
    }
    const ConfigMap& before = image.Configs(resource.first, resource.second);
    const ChangedResource changed{resource.first, resource.second, before};
    ConfigResult<ConfigMap> after = change(changed, wire);
    if (!after) {
      Refuse(result, {after.error().code, std::move(after.error().message)});
      continue;
    }
    if (std::optional<Refusal> refusal = CheckEligibleLeaders(image, resource, wire, *after)) {
      Refuse(result, std::move(*refusal));
      continue;
    }
    AppendRecords(resource, before, *after, plan.records);
  }
  if (request.validate_only) plan.records.clear();
  return plan;
}

}  // namespace

Plan<protocol::IncrementalAlterConfigsResponse> PlanIncrementalAlterConfigs(
    const MetadataImage& image, const PlanContext& context,
    const protocol::IncrementalAlterConfigsRequest& request) {
  using Request = protocol::IncrementalAlterConfigsRequest;
  const auto change = [&](const ChangedResource& resource,
                          const Request::AlterConfigsResource& wire) {
    std::vector<ConfigChange> changes;
    for (const auto& config : wire.configs) {
      changes.push_back({config.name, config.config_operation, config.value});
    }
    return AlterIncrementally(resource, changes, context.config);
  };
  return PlanChanges<Request, protocol::IncrementalAlterConfigsResponse>(image, context, request,
                                                                         change);
}

Plan<protocol::AlterConfigsResponse> PlanAlterConfigs(
    const MetadataImage& image, const PlanContext& context,
    const protocol::AlterConfigsRequest& request) {
  using Request = protocol::AlterConfigsRequest;
  const auto change = [&](const ChangedResource& resource,
                          const Request::AlterConfigsResource& wire) {
    std::vector<NamedConfig> configs;
    for (const auto& config : wire.configs) configs.push_back({config.name, config.value});
    return ReplaceConfigs(resource, configs, context.config);
  };
  return PlanChanges<Request, protocol::AlterConfigsResponse>(image, context, request, change);
}

}  // namespace gneiss::server
