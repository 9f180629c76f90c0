// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "protocol/base/result.h"
#include "server/config/broker_config.h"

namespace gneiss::server {

// `gneiss snapshot`: has the broker that runs on these directories make a snapshot in `to`, or
// makes one itself if none does. The answer is one line of JSON. An error is one sentence.
Result<std::string> TakeSnapshotOf(const BrokerConfig& config, const std::string& to);

}  // namespace gneiss::server
