// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/config/broker_config.h"
#include "server/config/config_schema.h"
#include "server/config/topic_config.h"
#include "server/metadata/metadata_image.h"

namespace gneiss::server {

// Where a value comes from; numbers as DescribeConfigs sends them.
enum class ConfigSource : std::int8_t {
  kUnknown = 0,
  kTopic = 1,
  kDynamicBroker = 2,
  kDynamicDefaultBroker = 3,
  kStaticBroker = 4,
  kDefault = 5,
  kLogger = 6,
  kClientMetrics = 7,
  kGroup = 8,
};

struct ConfigSynonym {
  std::string name;
  std::optional<std::string> value;
  ConfigSource source = ConfigSource::kUnknown;
};

struct ConfigEntry {
  std::string name;
  std::optional<std::string> value;  // null for sensitive and unset ones
  ConfigSource source = ConfigSource::kDefault;
  ConfigType type = ConfigType::kString;
  bool read_only = false;
  bool sensitive = false;
  std::string_view documentation;
  std::vector<ConfigSynonym> synonyms;  // by precedence; the first is the one in force
};

// The broker's settings in force: its own dynamic ones, the cluster's dynamic default, the static
// file, Kafka's default. Differs from `broker` in what ReadDynamicSettings reads.
BrokerConfig ResolveBrokerConfig(const BrokerConfig& broker, const MetadataImage& image);

// A topic's settings in force: topic, then this broker's dynamic ones, the cluster's dynamic
// default, the static file, Kafka's default. `overrides` are the topic's own.
TopicConfig ResolveTopicConfig(const BrokerConfig& broker, const MetadataImage& image,
                               const ConfigMap& overrides);

// Every topic key, sorted by name, as DescribeConfigs answers them.
std::vector<ConfigEntry> DescribeTopicConfigs(const BrokerConfig& broker,
                                              const MetadataImage& image,
                                              const ConfigMap& overrides);
// As CreateTopics v5+ answers them: a value that comes from log.retention.hours has the source of
// that setting here, but none of its own in DescribeConfigs. So it is in Kafka.
std::vector<ConfigEntry> DescribeNewTopic(const BrokerConfig& broker, const MetadataImage& image,
                                          const ConfigMap& overrides);
// Every broker key; for the resource "" only the cluster-wide dynamic ones.
std::vector<ConfigEntry> DescribeBrokerConfigs(const BrokerConfig& broker,
                                               const MetadataImage& image);
std::vector<ConfigEntry> DescribeClusterDefaults(const MetadataImage& image);
// Every group key, of a group that need not exist.
std::vector<ConfigEntry> DescribeGroupConfigs(const BrokerConfig& broker,
                                              const MetadataImage& image, const std::string& group);
// One of them: the group's own value, this broker's dynamic one, the cluster's dynamic default, the
// static file's, Kafka's default. REQUIRES: a group key.
std::string GroupConfigInForce(const BrokerConfig& broker, const MetadataImage& image,
                               const std::string& group, std::string_view name);
// A subscription need not exist to be described. `overrides` are its own settings.
std::vector<ConfigEntry> DescribeClientMetrics(const ConfigMap& overrides);
std::vector<ConfigEntry> DescribeLoggers();

}  // namespace gneiss::server
