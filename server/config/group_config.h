// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "protocol/base/result.h"
#include "server/config/broker_config.h"
#include "server/config/config_change.h"
#include "server/config/topic_config.h"
#include "server/metadata/metadata_image.h"

namespace gneiss::server {

// The settings of groups: a broker's defaults for all groups (group.consumer.session.timeout.ms),
// their bounds (group.consumer.min.session.timeout.ms) and a group's own, within the bounds
// (consumer.session.timeout.ms). Threads: any.

// A group's own settings, all of them: names, values, bounds, and that no session times out between
// two heartbeats.
ConfigResult<void> CheckGroupConfigs(const ConfigMap& configs, const BrokerConfig& broker);

// The same of a broker's defaults when it starts. `properties` have passed CheckConfigValue; the
// error's detail begins with the setting's name.
Status CheckGroupDefaults(const ConfigMap& properties);

// The same of one of them that changes at run time; other settings pass.
Status CheckGroupDefault(const std::string& name, const std::string& value,
                         const BrokerConfig& broker);

// What the coordinator acts on for a group of the new consumer protocol: its own settings, else
// this broker's dynamic ones, the cluster's, the file's, Kafka's default. A setting that the bounds
// have left behind since counts as the nearest bound.
struct ConsumerGroupConfig {
  std::chrono::milliseconds session_timeout{45'000};
  std::chrono::milliseconds heartbeat_interval{5'000};
  std::chrono::milliseconds assignment_interval{1'000};

  bool operator==(const ConsumerGroupConfig&) const = default;
};
ConsumerGroupConfig ResolveConsumerGroupConfig(const BrokerConfig& broker,
                                               const MetadataImage& image,
                                               const std::string& group);

}  // namespace gneiss::server
