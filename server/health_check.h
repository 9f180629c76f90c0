// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "protocol/base/result.h"
#include "server/config/broker_config.h"

namespace gneiss::server {

// One Metadata call to `address` ("host:port"; empty: the config's first listener). Ok when the
// broker answers it; an error is one sentence.
Status CheckHealth(const BrokerConfig& config, const std::string& address);

}  // namespace gneiss::server
