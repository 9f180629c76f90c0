// SPDX-License-Identifier: Apache-2.0
#include "server/config/group_config.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <re2/re2.h>

#include "server/config/config_schema.h"
#include "server/config/effective_config.h"
#include "server/config/text.h"

namespace gneiss::server {
namespace {

using protocol::ErrorCode;

// The broker's settings that a group's must lie between; empty: no bound.
struct Bounds {
  std::string_view key;
  std::string_view min;
  std::string_view max;
};
constexpr Bounds kBounds[] = {
    {"consumer.assignment.interval.ms", "group.consumer.min.assignment.interval.ms",
     "group.consumer.max.assignment.interval.ms"},
    {"consumer.heartbeat.interval.ms", "group.consumer.min.heartbeat.interval.ms",
     "group.consumer.max.heartbeat.interval.ms"},
    {"consumer.session.timeout.ms", "group.consumer.min.session.timeout.ms",
     "group.consumer.max.session.timeout.ms"},
    {"share.assignment.interval.ms", "group.share.min.assignment.interval.ms",
     "group.share.max.assignment.interval.ms"},
    {"share.delivery.count.limit", "group.share.min.delivery.count.limit",
     "group.share.max.delivery.count.limit"},
    {"share.heartbeat.interval.ms", "group.share.min.heartbeat.interval.ms",
     "group.share.max.heartbeat.interval.ms"},
    {"share.partition.max.record.locks", "group.share.min.partition.max.record.locks",
     "group.share.max.partition.max.record.locks"},
    {"share.record.lock.duration.ms", "group.share.min.record.lock.duration.ms",
     "group.share.max.record.lock.duration.ms"},
    {"share.session.timeout.ms", "group.share.min.session.timeout.ms",
     "group.share.max.session.timeout.ms"},
    {"streams.assignment.interval.ms", "group.streams.min.assignment.interval.ms",
     "group.streams.max.assignment.interval.ms"},
    {"streams.heartbeat.interval.ms", "group.streams.min.heartbeat.interval.ms",
     "group.streams.max.heartbeat.interval.ms"},
    {"streams.num.standby.replicas", "", "group.streams.max.standby.replicas"},
    {"streams.session.timeout.ms", "group.streams.min.session.timeout.ms",
     "group.streams.max.session.timeout.ms"},
};

constexpr std::string_view kKinds[] = {"consumer", "share", "streams"};

// A broker's setting as its file has it, or Kafka's default.
std::int64_t BrokerValue(const ConfigMap& properties, std::string_view name) {
  const auto it = properties.find(std::string(name));
  return ConfigInteger(it != properties.end() ? std::string_view(it->second)
                                              : *FindBrokerKey(name)->default_value);
}

// A sentence if `value` of `name` is out of bounds.
std::optional<std::string> OutOfBounds(const Bounds& bounds, std::string_view name,
                                       std::int64_t value, const ConfigMap& properties) {
  if (!bounds.min.empty() && value < BrokerValue(properties, bounds.min)) {
    return std::string(name) + " must be greater than or equal to " + std::string(bounds.min);
  }
  if (!bounds.max.empty() && value > BrokerValue(properties, bounds.max)) {
    return std::string(name) + " must be less than or equal to " + std::string(bounds.max);
  }
  return std::nullopt;
}

// latest, earliest, or how far back: a duration as Java reads one, without signs.
bool IsOffsetReset(std::string_view value) {
  static const re2::RE2 kByDuration(
      "by_duration:(?i:P(?:\\d{1,12}D)?"
      "(?:T(?:\\d{1,12}H)?(?:\\d{1,12}M)?(?:\\d{1,12}(?:[.,]\\d{0,9})?S)?)?)");
  if (value == "latest" || value == "earliest") return true;
  const bool has_part = !value.empty() && std::string_view("PpTt").find(value.back()) == value.npos;
  return has_part && re2::RE2::FullMatch(re2::StringPiece(value.data(), value.size()), kByDuration);
}

std::unexpected<ConfigError> Refuse(std::string message) {
  return std::unexpected(ConfigError{ErrorCode::kInvalidConfig, std::move(message)});
}

ConfigResult<void> CheckValues(const ConfigMap& configs) {
  for (const auto& [name, value] : configs) {
    const ConfigKey* key = FindGroupKey(name);
    if (key == nullptr) return Refuse("Unknown group config name: " + name);
    if (const Status valid = CheckConfigValue(*key, value); !valid) {
      return Refuse(valid.error().detail);
    }
    if (name == "share.auto.offset.reset" && !IsOffsetReset(Trim(value))) {
      return Refuse("Invalid value " + value + " for " + name +
                    ": it must be earliest, latest or by_duration:<PnDTnHnMn.nS>");
    }
  }
  return {};
}

}  // namespace

ConfigResult<void> CheckGroupConfigs(const ConfigMap& configs, const BrokerConfig& broker) {
  if (const auto valid = CheckValues(configs); !valid) return std::unexpected(valid.error());
  const ConfigMap& properties = broker.static_values;
  for (const Bounds& bounds : kBounds) {
    const auto it = configs.find(std::string(bounds.key));
    if (it == configs.end()) continue;
    if (auto why = OutOfBounds(bounds, bounds.key, ConfigInteger(it->second), properties)) {
      return Refuse(std::move(*why));
    }
  }
  const auto in_force = [&](const std::string& name) {
    const auto it = configs.find(name);
    return it != configs.end() ? ConfigInteger(it->second)
                               : BrokerValue(properties, FindGroupKey(name)->broker_name);
  };
  for (const std::string_view kind : kKinds) {
    const std::string heartbeat = std::string(kind) + ".heartbeat.interval.ms";
    const std::string session = std::string(kind) + ".session.timeout.ms";
    if (!configs.contains(heartbeat) && !configs.contains(session)) continue;
    if (in_force(session) > in_force(heartbeat)) continue;
    return Refuse(session + " must be greater than " + heartbeat);
  }
  return {};
}

Status CheckGroupDefaults(const ConfigMap& properties) {
  for (const Bounds& bounds : kBounds) {
    if (!bounds.min.empty() &&
        BrokerValue(properties, bounds.max) < BrokerValue(properties, bounds.min)) {
      return Fail(
          Errc::kInvalidArgument,
          std::string(bounds.max) + " must be greater than or equal to " + std::string(bounds.min));
    }
    const std::string_view name = FindGroupKey(bounds.key)->broker_name;
    if (auto why = OutOfBounds(bounds, name, BrokerValue(properties, name), properties)) {
      return Fail(Errc::kInvalidArgument, std::move(*why));
    }
  }
  for (const std::string_view kind : kKinds) {
    const std::string heartbeat = "group." + std::string(kind) + ".heartbeat.interval.ms";
    const std::string session = "group." + std::string(kind) + ".session.timeout.ms";
    if (BrokerValue(properties, heartbeat) < BrokerValue(properties, session)) continue;
    return Fail(Errc::kInvalidArgument, heartbeat + " must be less than " + session);
  }
  return {};
}

Status CheckGroupDefault(const std::string& name, const std::string& value,
                         const BrokerConfig& broker) {
  for (const Bounds& bounds : kBounds) {
    if (FindGroupKey(bounds.key)->broker_name != name) continue;
    if (auto why = OutOfBounds(bounds, name, ConfigInteger(value), broker.static_values)) {
      return Fail(Errc::kInvalidArgument, std::move(*why));
    }
  }
  return {};
}

ConsumerGroupConfig ResolveConsumerGroupConfig(const BrokerConfig& broker,
                                               const MetadataImage& image,
                                               const std::string& group) {
  const auto value = [&](std::string_view name) {
    const auto bounds = std::ranges::find(kBounds, name, &Bounds::key);
    return std::chrono::milliseconds(
        std::clamp(ConfigInteger(GroupConfigInForce(broker, image, group, name)),
                   BrokerValue(broker.static_values, bounds->min),
                   BrokerValue(broker.static_values, bounds->max)));
  };
  return {.session_timeout = value("consumer.session.timeout.ms"),
          .heartbeat_interval = value("consumer.heartbeat.interval.ms"),
          .assignment_interval = value("consumer.assignment.interval.ms")};
}

}  // namespace gneiss::server
