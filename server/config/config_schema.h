// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "protocol/base/result.h"

namespace gneiss::server {

// Numbers as DescribeConfigs v3+ sends them.
enum class ConfigType : std::int8_t {
  kUnknown = 0,  // levels of loggers
  kBoolean = 1,
  kString = 2,
  kInt = 3,
  kShort = 4,
  kLong = 5,
  kDouble = 6,
  kList = 7,
  kClass = 8,
  kPassword = 9,
};

// Lists of replicas: "*" alone, or elements partition:broker.
inline constexpr std::string_view kThrottledReplicas = "*|partition:broker";

// One setting: its type, Kafka 4.3's default and what it may be.
struct ConfigKey {
  std::string_view name;
  ConfigType type = ConfigType::kString;
  std::optional<std::string_view> default_value = std::nullopt;  // nullopt: null
  // What a value must be, beyond its type. Empty: anything. Numbers: "lo..hi" (either side may be
  // left out), several alternatives apart by ','. Text: "a|b|c". Lists: each element "a|b", or
  // kThrottledReplicas.
  std::string_view allowed = {};
  bool dynamic = true;                  // may be changed at run time
  std::string_view broker_name = {};    // topics, groups: the broker's setting that is the default
  std::string_view documentation = {};  // our own words; empty: none
};

// Sorted by name. Threads: any.
std::span<const ConfigKey> TopicKeys();
std::span<const ConfigKey> BrokerKeys();
std::span<const ConfigKey> GroupKeys();
// Settings of our own that may be given only when a topic is created. Not among TopicKeys, which
// every topic is described with.
std::span<const ConfigKey> TopicCreationKeys();
const ConfigKey* FindTopicKey(std::string_view name);   // of either kind; null when unknown
const ConfigKey* FindBrokerKey(std::string_view name);  // null when unknown
const ConfigKey* FindGroupKey(std::string_view name);   // null when unknown
// The known broker key nearest to a mistyped one; empty when none is near.
std::string_view NearestBrokerKey(std::string_view name);

bool IsSensitive(const ConfigKey& key);

// Checks type and bounds; blanks around the value are trimmed as Kafka does. The error's detail is
// a sentence that names key, value and what is allowed, fit for a client.
Status CheckConfigValue(const ConfigKey& key, std::string_view value);

// A value that CheckConfigValue has passed, as Kafka shows it: " 07 " is "7", "TRUE" is "true".
std::string CanonicalConfigValue(const ConfigKey& key, std::string_view value);

// Parsers for values that CheckConfigValue has passed.
std::int64_t ConfigInteger(std::string_view value);
double ConfigDouble(std::string_view value);
bool ConfigBoolean(std::string_view value);

}  // namespace gneiss::server
