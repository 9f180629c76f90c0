// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "protocol/base/result.h"
#include "server/config/topic_config.h"

namespace gneiss::server {

// What `gneiss` was asked to do. The flags themselves stay in flags.cc.
struct CommandLine {
  enum class Command { kRun, kHealth, kSnapshot, kRepair, kPrintApiTable };

  Command command = Command::kRun;
  // Kafka's property names: the file of --config, overridden by --set, overridden by the flags.
  ConfigMap properties;
  int event_loops = 0;         // 0: not given
  std::string health_address;  // of --address; empty: the first listener
  std::string http_address;    // host:port; empty: no HTTP over TCP
  std::string snapshot_to;     // of snapshot
  std::string repair_store;    // of repair: "store-00"; empty: all
  bool dry_run = false;        // of repair
  std::string from;            // run on a throw-away copy of this; empty: on the data itself
  std::string scratch_dir;     // where the copy is made; empty: beside the original
};

// Parses `gneiss [run|health|snapshot|repair] FLAGS`. An error is one sentence. --help and
// --version, and flags that do not exist, end the process here.
Result<CommandLine> ParseCommandLine(int argc, char** argv);

}  // namespace gneiss::server
