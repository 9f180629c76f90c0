// SPDX-License-Identifier: Apache-2.0
#include "server/config/broker_change.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include "server/config/broker_config_parser.h"
#include "server/config/config_schema.h"
#include "server/config/group_config.h"
#include "server/config/text.h"

namespace gneiss::server {
namespace {

using protocol::ErrorCode;

std::unexpected<ConfigError> Refuse(std::string message) {
  return std::unexpected(ConfigError{ErrorCode::kInvalidRequest, std::move(message)});
}

// Kafka can change these at run time; this broker reads them at its start only, so a change is
// refused instead of being stored without effect.
constexpr std::string_view kOnlyAtStart[] = {
    "listener.security.protocol.map",
    "listeners",
};

// Kafka lets each change of a thread count go from half to double of the present value.
constexpr std::string_view kThreadCounts[] = {
    "background.threads",
    "log.cleaner.threads",
    "num.io.threads",
    "num.network.threads",
    "num.recovery.threads.per.data.dir",
    "num.replica.fetchers",
    "remote.log.manager.copier.thread.pool.size",
    "remote.log.manager.expiration.thread.pool.size",
    "remote.log.manager.follower.thread.pool.size",
    "remote.log.reader.threads",
};

// Facts of one broker, which a default for all of them cannot be. So is all of TLS and SASL.
constexpr std::string_view kPerBroker[] = {
    "cordoned.log.dirs",
    "listener.security.protocol.map",
    "listeners",
    "principal.builder.class",
};

// They can change for one listener only, by names with its prefix.
constexpr std::string_view kPerListener[] = {
    "ssl.key.password",
    "ssl.keystore.certificate.chain",
    "ssl.keystore.key",
    "ssl.keystore.location",
    "ssl.keystore.password",
    "ssl.keystore.type",
    "ssl.truststore.certificates",
    "ssl.truststore.location",
    "ssl.truststore.password",
    "ssl.truststore.type",
};

// Names of Java classes: there are none here but what the default stands for.
constexpr std::string_view kPlugins[] = {"metric.reporters", "principal.builder.class"};

// Rates that have no default and that Kafka does not describe: bytes per second, from 0.
constexpr std::string_view kReplicationRates[] = {
    "follower.replication.throttled.rate",
    "leader.replication.throttled.rate",
    "replica.alter.log.dirs.io.max.bytes.per.second",
};

constexpr std::int64_t kDedupeBytesPerThread = 1 << 20;
// More than any machine has cores; each is a thread at every start from then on.
constexpr std::int64_t kCleanerThreadsMax = 256;

template <std::size_t N>
bool IsAmong(const std::string_view (&names)[N], std::string_view name) {
  return std::ranges::find(names, name) != std::end(names);
}

// The settings of one broker as they will be, read by name.
class Settings {
 public:
  Settings(const ConfigMap& dynamic, const BrokerConfig& broker)
      : dynamic_(dynamic), file_(broker.static_values) {}

  std::string Text(std::string_view name) const {
    const std::string key(name);
    if (const auto it = dynamic_.find(key); it != dynamic_.end()) return it->second;
    if (const auto it = file_.find(key); it != file_.end()) return it->second;
    return std::string(FindBrokerKey(name)->default_value.value_or(""));
  }
  std::int64_t Integer(std::string_view name) const { return ConfigInteger(Text(name)); }

 private:
  const ConfigMap& dynamic_;
  const ConfigMap& file_;
};

ConfigResult<void> CheckScope(std::string_view name, const std::string& resource) {
  if (IsAmong(kPerListener, name)) {
    return Refuse(std::string(name) + " can be changed for a listener only");
  }
  const bool per_broker =
      IsAmong(kPerBroker, name) || name.starts_with("ssl.") || name.starts_with("sasl.");
  if (per_broker && resource.empty()) {
    return Refuse(std::string(name) + " is a broker's own: name the broker");
  }
  return {};
}

ConfigResult<void> CheckThreadCount(std::string_view name, std::int64_t present,
                                    std::int64_t wanted) {
  if (wanted >= present / 2 && wanted <= present * 2) return {};
  return Refuse(std::string(name) + " may change from " + std::to_string(present) +
                " to between half and double of it, not to " + std::to_string(wanted));
}

ConfigResult<void> CheckReplicationRate(std::string_view name, std::string_view value) {
  const ConfigKey key{.name = name, .type = ConfigType::kLong, .allowed = "0.."};
  if (const Status valid = CheckConfigValue(key, value); !valid)
    return Refuse(valid.error().detail);
  return {};
}

ConfigResult<void> CheckOne(const ChangedResource& resource, std::string_view name,
                            std::string_view value, const BrokerConfig& broker) {
  if (IsAmong(kReplicationRates, name)) return CheckReplicationRate(name, value);
  const ConfigKey* key = FindBrokerKey(name);
  if (key == nullptr) return {};
  if (!key->dynamic) return Refuse("Cannot change " + std::string(name) + " at run time");
  if (const Status valid = CheckConfigValue(*key, value); !valid) {
    return Refuse(valid.error().detail);
  }
  if (const Status valid = CheckGroupDefault(std::string(name), std::string(value), broker);
      !valid) {
    return Refuse(valid.error().detail);
  }
  if (auto scope = CheckScope(name, resource.name); !scope) return scope;
  if (IsAmong(kOnlyAtStart, name)) {
    return Refuse("Cannot change " + std::string(name) + " at run time");
  }
  if (name == "cordoned.log.dirs" && !Trim(value).empty()) {
    return Refuse("This broker places new partitions in all of its log.dirs");
  }
  if (IsAmong(kPlugins, name) && !value.empty() && value != key->default_value) {
    return Refuse("There is no class " + std::string(value));
  }
  if (IsAmong(kThreadCounts, name)) {
    const Settings present(resource.current, broker);
    return CheckThreadCount(name, present.Integer(name), ConfigInteger(value));
  }
  return {};
}

ConfigResult<void> CheckConnectionLimits(const Settings& settings) {
  for (const std::string_view name : {"max.connections", "max.connection.creation.rate"}) {
    if (settings.Integer(name) == 0) return Refuse(std::string(name) + " must not be 0");
  }
  const std::string overrides = settings.Text("max.connections.per.ip.overrides");
  if (const auto parsed = ParsePerIpOverrides(overrides); !parsed) {
    return Refuse(parsed.error().detail);
  }
  if (settings.Integer("max.connections.per.ip") == 0 && Trim(overrides).empty()) {
    return Refuse("max.connections.per.ip may be 0 only beside max.connections.per.ip.overrides");
  }
  return {};
}

ConfigResult<void> CheckCleaner(const Settings& settings) {
  const std::int64_t threads = settings.Integer("log.cleaner.threads");
  if (threads < 1 || threads > kCleanerThreadsMax) {
    return Refuse("log.cleaner.threads must be from 1 to " + std::to_string(kCleanerThreadsMax));
  }
  if (settings.Integer("log.cleaner.dedupe.buffer.size") / threads <= kDedupeBytesPerThread) {
    return Refuse("log.cleaner.dedupe.buffer.size must be above 1 MB for each cleaner thread");
  }
  return {};
}

}  // namespace

ConfigResult<void> CheckBrokerChange(const ChangedResource& resource, const ConfigMap& after,
                                     const BrokerConfig& broker) {
  for (const auto& [name, value] : after) {
    const auto old = resource.current.find(name);
    if (old != resource.current.end() && old->second == value) continue;
    if (auto valid = CheckOne(resource, name, value, broker); !valid) return valid;
  }
  if (after == resource.current) return {};
  const Settings settings(after, broker);  // what is taken away changes them as well
  if (auto valid = CheckConnectionLimits(settings); !valid) return valid;
  return CheckCleaner(settings);
}

}  // namespace gneiss::server
