// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "protocol/base/result.h"
#include "server/config/topic_config.h"

namespace gneiss::server {

// What `gneiss` was asked to do. The flags themselves stay in flags.cc.
struct CommandLine {
  enum class Command { kRun, kHealth, kPrintApiTable };

  Command command = Command::kRun;
  // Kafka's property names: the file of --config, overridden by --set, overridden by the flags.
  ConfigMap properties;
  int event_loops = 0;         // 0: not given
  std::string health_address;  // of --address; empty: the first listener
};

// Parses `gneiss [run|health] FLAGS`. An error is one sentence. --help and --version, and flags
// that do not exist, end the process here.
Result<CommandLine> ParseCommandLine(int argc, char** argv);

}  // namespace gneiss::server
