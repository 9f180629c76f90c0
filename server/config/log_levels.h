// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/config/config_change.h"

namespace gneiss::server {

// The loggers of this process as Kafka's broker-logger configs see them. glog has one level for
// everything, so there is one logger, `root`; what it is set to holds until the process ends, as in
// Kafka. FATAL, ERROR and WARN hide what is below them, INFO is glog's usual, DEBUG is --v=1 and
// TRACE --v=3.
// Threads: any.
inline constexpr std::string_view kRootLogger = "root";

std::string RootLogLevel();

// IncrementalAlterConfigs of loggers: all or nothing. Levels cannot be deleted from the root.
ConfigResult<void> CheckLogLevels(std::span<const ConfigChange> changes);
// REQUIRES: CheckLogLevels has passed them. Takes effect at once.
void SetLogLevels(std::span<const ConfigChange> changes);

}  // namespace gneiss::server
