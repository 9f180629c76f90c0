// SPDX-License-Identifier: Apache-2.0
#include "server/config/config_change.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "server/config/broker_change.h"
#include "server/config/client_metrics_config.h"
#include "server/config/config_schema.h"
#include "server/config/group_config.h"
#include "server/config/text.h"

namespace gneiss::server {
namespace {

using protocol::ErrorCode;

std::unexpected<ConfigError> Refuse(ErrorCode code, std::string message) {
  return std::unexpected(ConfigError{code, std::move(message)});
}

template <class Configs>
ConfigResult<void> CheckNoneTwice(const Configs& configs) {
  std::set<std::string_view> seen;
  for (const auto& config : configs) {
    if (!seen.insert(config.name).second) {
      return Refuse(ErrorCode::kInvalidRequest, "Config " + config.name + " is named twice");
    }
  }
  return {};
}

ConfigResult<void> CheckTopicConfigs(const ConfigMap& configs) {
  for (const auto& [name, value] : configs) {
    const ConfigKey* key = FindTopicKey(name);
    if (key == nullptr) {
      return Refuse(ErrorCode::kInvalidConfig, "Unknown topic config name: " + name);
    }
    if (const Status valid = CheckConfigValue(*key, value); !valid.has_value()) {
      return Refuse(ErrorCode::kInvalidConfig, valid.error().detail);
    }
  }
  const auto get = [&configs](const char* name, std::int64_t otherwise) {
    const auto it = configs.find(name);
    return it == configs.end() ? otherwise : ConfigInteger(it->second);
  };
  if (get("min.compaction.lag.ms", 0) > get("max.compaction.lag.ms", kLongMax)) {
    return Refuse(ErrorCode::kInvalidConfig,
                  "min.compaction.lag.ms must not be above max.compaction.lag.ms");
  }
  if (const auto it = configs.find("remote.storage.enable");
      it != configs.end() && ConfigBoolean(it->second)) {
    return Refuse(ErrorCode::kInvalidConfig,
                  "remote.storage.enable must stay false: this broker has no tiered storage");
  }
  return {};
}

// They may stay and go, but not come or change.
ConfigResult<void> CheckCreationKeys(const ConfigMap& before, const ConfigMap& after) {
  for (const ConfigKey& key : TopicCreationKeys()) {
    const auto wanted = after.find(std::string(key.name));
    if (wanted == after.end()) continue;
    const auto present = before.find(wanted->first);
    if (present != before.end() && present->second == wanted->second) continue;
    return Refuse(ErrorCode::kInvalidConfig,
                  wanted->first + " can be given only when a topic is created");
  }
  return {};
}

ConfigResult<void> CheckChange(const ChangedResource& resource, const ConfigMap& after,
                               const BrokerConfig& broker) {
  switch (resource.type) {
    case ConfigResourceType::kTopic:
      if (auto created = CheckCreationKeys(resource.current, after); !created) return created;
      return CheckTopicConfigs(after);
    case ConfigResourceType::kBroker:
      return CheckBrokerChange(resource, after, broker);
    case ConfigResourceType::kClientMetrics:
      return CheckClientMetrics(after);
    case ConfigResourceType::kGroup:
      return CheckGroupConfigs(after, broker);
    case ConfigResourceType::kBrokerLogger:
      break;  // CheckServed has refused it
  }
  return {};
}

ConfigResult<void> CheckServed(ConfigResourceType type) {
  switch (type) {
    case ConfigResourceType::kTopic:
    case ConfigResourceType::kBroker:
    case ConfigResourceType::kClientMetrics:
    case ConfigResourceType::kGroup:
      return {};
    case ConfigResourceType::kBrokerLogger:  // not the controller's: config/log_levels.h
      break;
  }
  return Refuse(ErrorCode::kInvalidRequest,
                "Unknown resource type " + std::to_string(static_cast<int>(type)));
}

// Kafka's lists of client metrics cannot be appended to: they are found nowhere here.
const ConfigKey* FindKey(ConfigResourceType type, std::string_view name) {
  if (type == ConfigResourceType::kTopic) return FindTopicKey(name);
  if (type == ConfigResourceType::kGroup) return FindGroupKey(name);
  return type == ConfigResourceType::kBroker ? FindBrokerKey(name) : nullptr;
}

// APPEND and SUBTRACT: the list in force is the override, else the key's default.
ConfigResult<std::string> ChangedList(ConfigResourceType type, const ConfigMap& current,
                                      const ConfigChange& change) {
  const bool append = change.op == static_cast<std::int8_t>(ConfigOp::kAppend);
  const ConfigKey* key = FindKey(type, change.name);
  if (key == nullptr || key->type != ConfigType::kList) {
    return Refuse(ErrorCode::kInvalidConfig, std::string("Can't ") +
                                                 (append ? "APPEND to " : "SUBTRACT from ") +
                                                 change.name + ": it is not a list");
  }
  const auto it = current.find(change.name);
  const std::string before =
      it != current.end() ? it->second : std::string(key->default_value.value_or(""));
  std::vector<std::string_view> parts = SplitList(before);
  for (const std::string_view element : SplitList(*change.value)) {
    if (!append) {
      std::erase(parts, element);
    } else if (!Contains(parts, element)) {
      parts.push_back(element);
    }
  }
  return Join(parts, ",");
}

ConfigResult<void> Apply(ConfigResourceType type, const ConfigChange& change, ConfigMap& configs) {
  if (change.op < 0 || change.op > static_cast<std::int8_t>(ConfigOp::kSubtract)) {
    // The codes differ in Kafka too: its broker checks the one, its controller the other.
    return Refuse(type == ConfigResourceType::kBroker ? ErrorCode::kInvalidRequest
                                                      : ErrorCode::kUnknownServerError,
                  "Unknown operation " + std::to_string(change.op));
  }
  const auto op = static_cast<ConfigOp>(change.op);
  if (op == ConfigOp::kDelete) {
    configs.erase(change.name);
    return {};
  }
  if (!change.value) {
    return Refuse(ErrorCode::kInvalidRequest, "Null value not supported for " + change.name);
  }
  if (op == ConfigOp::kSet) {
    configs[change.name] = *change.value;
    return {};
  }
  ConfigResult<std::string> list = ChangedList(type, configs, change);
  if (!list) return std::unexpected(list.error());
  configs[change.name] = std::move(*list);
  return {};
}

}  // namespace

ConfigResult<ConfigMap> ConfigsOfNewTopic(std::span<const NamedConfig> configs) {
  ConfigMap result;
  for (const NamedConfig& config : configs) {
    if (!config.value) {
      return Refuse(ErrorCode::kInvalidConfig, "Null value not supported for " + config.name);
    }
    result[config.name] = *config.value;
  }
  if (const ConfigResult<void> valid = CheckTopicConfigs(result); !valid) {
    return std::unexpected(valid.error());
  }
  return result;
}

ConfigResult<ConfigMap> AlterIncrementally(const ChangedResource& resource,
                                           std::span<const ConfigChange> changes,
                                           const BrokerConfig& broker) {
  if (const auto served = CheckServed(resource.type); !served) {
    return std::unexpected(served.error());
  }
  if (const auto once = CheckNoneTwice(changes); !once) return std::unexpected(once.error());
  ConfigMap after = resource.current;
  for (const ConfigChange& change : changes) {
    if (const auto applied = Apply(resource.type, change, after); !applied) {
      return std::unexpected(applied.error());
    }
  }
  if (const auto valid = CheckChange(resource, after, broker); !valid) {
    return std::unexpected(valid.error());
  }
  return after;
}

ConfigResult<ConfigMap> ReplaceConfigs(const ChangedResource& resource,
                                       std::span<const NamedConfig> configs,
                                       const BrokerConfig& broker) {
  if (const auto served = CheckServed(resource.type); !served) {
    return std::unexpected(served.error());
  }
  if (const auto once = CheckNoneTwice(configs); !once) return std::unexpected(once.error());
  ConfigMap after;
  for (const NamedConfig& config : configs) {
    if (!config.value) {
      return Refuse(ErrorCode::kInvalidRequest, "Null value not supported for " + config.name);
    }
    after[config.name] = *config.value;
  }
  if (const auto valid = CheckChange(resource, after, broker); !valid) {
    return std::unexpected(valid.error());
  }
  return after;
}

}  // namespace gneiss::server
