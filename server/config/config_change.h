// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "protocol/error_codes.h"
#include "server/config/broker_config.h"
#include "server/config/topic_config.h"
#include "server/metadata/metadata_image.h"

namespace gneiss::server {

// Why a change of configs is refused, in the words that the client gets.
struct ConfigError {
  protocol::ErrorCode code;
  std::string message;
};
template <class T>
using ConfigResult = std::expected<T, ConfigError>;

enum class ConfigOp : std::int8_t { kSet = 0, kDelete = 1, kAppend = 2, kSubtract = 3 };

struct ConfigChange {
  std::string name;
  std::int8_t op = 0;  // ConfigOp, not yet checked
  std::optional<std::string> value;
};

struct NamedConfig {
  std::string name;
  std::optional<std::string> value;
};

// The resource that a change is for, and the overrides that it has.
struct ChangedResource {
  ConfigResourceType type = ConfigResourceType::kTopic;
  const std::string& name;  // a topic, a node id, "" for all brokers, a subscription
  const ConfigMap& current;
};

// Pure rules for the configs of one resource; all or nothing. The result is the resource's whole
// new set of overrides.
// Threads: any.

// CreateTopics: checks names, values and the rules across keys.
ConfigResult<ConfigMap> ConfigsOfNewTopic(std::span<const NamedConfig> configs);

// IncrementalAlterConfigs (KIP-339).
ConfigResult<ConfigMap> AlterIncrementally(const ChangedResource& resource,
                                           std::span<const ConfigChange> changes,
                                           const BrokerConfig& broker);

// AlterConfigs: what is not named falls back to its default.
ConfigResult<ConfigMap> ReplaceConfigs(const ChangedResource& resource,
                                       std::span<const NamedConfig> configs,
                                       const BrokerConfig& broker);

}  // namespace gneiss::server
