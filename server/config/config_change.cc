// SPDX-License-Identifier: Apache-2.0
#include "server/config/config_change.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "server/config/config_schema.h"
#include "server/config/group_config.h"
#include "server/config/text.h"

namespace gneiss::server {
namespace {

using protocol::ErrorCode;

std::unexpected<ConfigError> Refuse(ErrorCode code, std::string message) {
  return std::unexpected(ConfigError{code, std::move(message)});
}

// Kafka can change these at run time; this broker reads them at its start only, so a change is
// refused instead of being stored without effect.
constexpr std::string_view kOnlyAtStart[] = {
    "advertised.listeners",
    "listener.security.protocol.map",
    "listeners",
    "max.connections",
    "max.connections.per.ip",
    "max.connections.per.ip.overrides",
    "producer.id.expiration.ms",
};

// Kafka lets each change of a thread count go from half to double of the present value.
constexpr std::string_view kThreadCounts[] = {
    "background.threads",
    "log.cleaner.threads",
    "num.io.threads",
    "num.network.threads",
    "num.recovery.threads.per.data.dir",
    "num.replica.fetchers",
};

template <std::size_t N>
bool IsAmong(const std::string_view (&names)[N], std::string_view name) {
  return std::ranges::find(names, name) != std::end(names);
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

std::int64_t PresentThreadCount(const ConfigKey& key, const ConfigMap& current,
                                const BrokerConfig& broker) {
  const std::string name(key.name);
  if (const auto it = current.find(name); it != current.end()) return ConfigInteger(it->second);
  const auto it = broker.static_values.find(name);
  if (it != broker.static_values.end()) return ConfigInteger(it->second);
  return ConfigInteger(*key.default_value);
}

// Only what changes is checked: what was stored by an older release must not block other changes.
ConfigResult<void> CheckBrokerChange(const ConfigMap& before, const ConfigMap& after,
                                     const BrokerConfig& broker) {
  for (const auto& [name, value] : after) {
    const auto old = before.find(name);
    if (old != before.end() && old->second == value) continue;
    const ConfigKey* key = FindBrokerKey(name);
    if (key == nullptr) continue;  // Kafka stores unknown names: a plugin may read them
    if (!key->dynamic || IsAmong(kOnlyAtStart, name)) {
      return Refuse(ErrorCode::kInvalidRequest, "Cannot change " + name + " at run time");
    }
    if (const Status valid = CheckConfigValue(*key, value); !valid.has_value()) {
      return Refuse(ErrorCode::kInvalidRequest, valid.error().detail);
    }
    if (const Status valid = CheckGroupDefault(name, value, broker); !valid.has_value()) {
      return Refuse(ErrorCode::kInvalidRequest, valid.error().detail);
    }
    if (IsAmong(kThreadCounts, name)) {
      const std::int64_t present = PresentThreadCount(*key, before, broker);
      const std::int64_t wanted = ConfigInteger(value);
      if (wanted < present / 2 || wanted > present * 2) {
        return Refuse(ErrorCode::kInvalidRequest,
                      name + " may change from " + std::to_string(present) +
                          " to between half and double of it, not to " + value);
      }
    }
  }
  return {};
}

ConfigResult<ConfigMap> Checked(ConfigResourceType type, const ConfigMap& before, ConfigMap after,
                                const BrokerConfig& broker) {
  if (type == ConfigResourceType::kTopic) {
    if (const auto created = CheckCreationKeys(before, after); !created) {
      return std::unexpected(created.error());
    }
  }
  const ConfigResult<void> valid = type == ConfigResourceType::kTopic ? CheckTopicConfigs(after)
                                   : type == ConfigResourceType::kGroup
                                       ? CheckGroupConfigs(after, broker)
                                       : CheckBrokerChange(before, after, broker);
  if (!valid) return std::unexpected(valid.error());
  return after;
}

ConfigResult<void> CheckServed(ConfigResourceType type, std::string_view first_name) {
  switch (type) {
    case ConfigResourceType::kTopic:
    case ConfigResourceType::kBroker:
    case ConfigResourceType::kGroup:
      return {};
    case ConfigResourceType::kBrokerLogger:
      return Refuse(ErrorCode::kInvalidConfig,
                    "Logger " + std::string(first_name) + " does not exist");
    case ConfigResourceType::kClientMetrics:
      return Refuse(ErrorCode::kInvalidRequest, "Configs of client metrics are not served yet");
  }
  return Refuse(ErrorCode::kInvalidRequest,
                "Unknown resource type " + std::to_string(static_cast<int>(type)));
}

const ConfigKey* FindKey(ConfigResourceType type, std::string_view name) {
  if (type == ConfigResourceType::kGroup) return FindGroupKey(name);
  return type == ConfigResourceType::kTopic ? FindTopicKey(name) : FindBrokerKey(name);
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

ConfigResult<ConfigMap> AlterIncrementally(ConfigResourceType type, const ConfigMap& current,
                                           std::span<const ConfigChange> changes,
                                           const BrokerConfig& broker) {
  const std::string_view first_name = changes.empty() ? "" : std::string_view(changes[0].name);
  if (const auto served = CheckServed(type, first_name); !served) {
    return std::unexpected(served.error());
  }
  if (const auto once = CheckNoneTwice(changes); !once) return std::unexpected(once.error());
  ConfigMap after = current;
  for (const ConfigChange& change : changes) {
    if (const auto applied = Apply(type, change, after); !applied) {
      return std::unexpected(applied.error());
    }
  }
  return Checked(type, current, std::move(after), broker);
}

ConfigResult<ConfigMap> ReplaceConfigs(ConfigResourceType type, const ConfigMap& current,
                                       std::span<const NamedConfig> configs,
                                       const BrokerConfig& broker) {
  const std::string_view first_name = configs.empty() ? "" : std::string_view(configs[0].name);
  if (const auto served = CheckServed(type, first_name); !served) {
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
  const bool topic = type == ConfigResourceType::kTopic;
  return Checked(type, topic ? current : ConfigMap(), std::move(after), broker);
}

}  // namespace gneiss::server
