// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/config/broker_config.h"
#include "server/config/config_change.h"

namespace gneiss::server {

// Whether the settings of a broker, or of all brokers, may become `after` while `broker` runs. Only
// what changes is checked: what was stored by an older release must not block other changes. Names
// that nobody knows are stored, since a plugin may read them.
// Threads: any.
ConfigResult<void> CheckBrokerChange(const ChangedResource& resource, const ConfigMap& after,
                                     const BrokerConfig& broker);

}  // namespace gneiss::server
