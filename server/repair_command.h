// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iosfwd>
#include <string>

#include "protocol/base/result.h"
#include "server/config/broker_config.h"

namespace gneiss::server {

// `gneiss repair`: checks every store of the data directories, or the one of that name, and
// salvages those that are damaged (engine/repair/repair.h). Writes one line to `out` for each
// damaged file, each range of lost records and each store; docs/operations.md says what they mean.
// Errors are one sentence: a broker runs on the directory, no such store, no space.
Status RepairStores(const BrokerConfig& config, const std::string& store, bool dry_run,
                    std::ostream& out);

}  // namespace gneiss::server
