// SPDX-License-Identifier: Apache-2.0
#include "server/flags.h"

#include <string_view>
#include <utility>
#include <vector>

#include <gflags/gflags.h>
#include <glog/logging.h>

#include "server/config/broker_config_parser.h"
#include "server/net/address_text.h"
#include "server/version.h"

DEFINE_string(data_dir, "./gneiss-data", "directory of the data; may be a list, as log.dirs");
DEFINE_string(listeners, "PLAINTEXT://127.0.0.1:9092",
              "addresses to listen on, as Kafka's listeners; port 0: the system picks one");
DEFINE_string(config, "", "a server.properties file with Kafka's names");
DEFINE_int32(event_loops, 0, "network threads; 0: one for each core, up to 4");
DEFINE_string(address, "", "health: host:port of the broker to ask; default: its first listener");
DEFINE_string(
    http_address, "",
    "host:port for /metrics, /healthz, /readyz; empty: not served; port 0: the system picks");
DEFINE_string(to, "", "snapshot: the directory to make");
DEFINE_string(
    from, "",
    "run on a throw-away copy of this snapshot or stopped broker's directory, made by hard "
    "links and removed at the end");
DEFINE_string(scratch_dir, "", "with --from: where the copy is made; default: beside the original");
DEFINE_string(store, "", "repair: the one to look at, e.g. store-00; default: all of them");
DEFINE_bool(dry_run, false, "repair: only say what is damaged and what would be lost");
DEFINE_bool(print_api_table, false, "print the served APIs and versions as a table, and exit");
// Repeatable, which gflags cannot do: TakeSettings reads it. Defined here for --help.
DEFINE_string(set, "", "a setting by Kafka's name, name=value; may be given many times");

namespace gneiss::server {
namespace {

constexpr int kEventLoopsMax = 64;

constexpr char kUsage[] =
    "a broker for Kafka clients on RocksDB\n"
    "  gneiss [run] [FLAGS]   start a broker\n"
    "  gneiss health [FLAGS]  exit with 0 if the broker answers\n"
    "  gneiss snapshot --to=DIR [FLAGS]  make a consistent copy of a broker's data, running or "
    "not\n"
    "  gneiss repair [FLAGS]  salvage damaged stores of a stopped broker\n"
    "The broker's own flags:";

constexpr std::pair<std::string_view, CommandLine::Command> kCommands[] = {
    {"run", CommandLine::Command::kRun},
    {"health", CommandLine::Command::kHealth},
    {"snapshot", CommandLine::Command::kSnapshot},
    {"repair", CommandLine::Command::kRepair},
};

// Takes the command off the front, if there is one.
CommandLine::Command TakeCommand(std::vector<char*>& arguments) {
  for (const auto& [word, command] : kCommands) {
    if (arguments.size() < 2 || word != arguments[1]) continue;
    arguments.erase(arguments.begin() + 1);
    return command;
  }
  return CommandLine::Command::kRun;
}

Status AddSetting(std::string_view setting, ConfigMap& settings) {
  const std::size_t equals = setting.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return Fail(Errc::kInvalidArgument,
                "--set=" + std::string(setting) + ": expected --set=name=value");
  }
  settings[std::string(setting.substr(0, equals))] = setting.substr(equals + 1);
  return {};
}

// Takes every --set=name=value and --set name=value out; later ones win.
Result<ConfigMap> TakeSettings(std::vector<char*>& arguments) {
  ConfigMap settings;
  std::vector<char*> rest;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string_view argument = arguments[i];
    if (i == 0 || !argument.starts_with('-')) {
      rest.push_back(arguments[i]);
      continue;
    }
    argument.remove_prefix(argument.starts_with("--") ? 2 : 1);
    if (argument.starts_with("set=")) {
      GNEISS_RETURN_IF_ERROR(AddSetting(argument.substr(4), settings));
    } else if (argument == "set") {
      const bool has_value = i + 1 < arguments.size();
      GNEISS_RETURN_IF_ERROR(AddSetting(has_value ? arguments[++i] : "", settings));
    } else {
      rest.push_back(arguments[i]);
    }
  }
  arguments = std::move(rest);
  return settings;
}

bool WasGiven(const char* flag) { return !gflags::GetCommandLineFlagInfoOrDie(flag).is_default; }

// What the flags mean in Kafka's names; a flag's default holds only where the properties are
// silent.
void AddFlags(ConfigMap& properties) {
  if (WasGiven("data_dir")) {
    properties.erase("log.dir");
    properties["log.dirs"] = FLAGS_data_dir;
    properties.erase("metadata.log.dir");
  } else if (!properties.contains("log.dirs") && !properties.contains("log.dir")) {
    properties["log.dirs"] = FLAGS_data_dir;
  }
  if (WasGiven("listeners") || !properties.contains("listeners")) {
    properties["listeners"] = FLAGS_listeners;
  }
}

// The flags of snapshot and of --from; what they do not go with is refused.
Status AddPaths(CommandLine& line) {
  const bool snapshot = line.command == CommandLine::Command::kSnapshot;
  if (snapshot && FLAGS_to.empty()) return Fail(Errc::kInvalidArgument, "snapshot: give --to=DIR");
  if (!snapshot && !FLAGS_to.empty()) {
    return Fail(Errc::kInvalidArgument, "--to goes with snapshot only");
  }
  if (!FLAGS_from.empty() && (snapshot || WasGiven("data_dir"))) {
    return Fail(Errc::kInvalidArgument,
                "--from makes a data directory of its own, so it goes with run and not with "
                "--data_dir; --scratch_dir says where");
  }
  if (FLAGS_from.empty() && !FLAGS_scratch_dir.empty()) {
    return Fail(Errc::kInvalidArgument, "--scratch_dir goes with --from only");
  }
  line.snapshot_to = FLAGS_to;
  line.from = FLAGS_from;
  line.scratch_dir = FLAGS_scratch_dir;
  return {};
}

Status AddRepair(CommandLine& line) {
  const bool repair = line.command == CommandLine::Command::kRepair;
  if (!repair && (FLAGS_dry_run || !FLAGS_store.empty())) {
    return Fail(Errc::kInvalidArgument, "--store and --dry_run go with repair only");
  }
  line.repair_store = FLAGS_store;
  line.dry_run = FLAGS_dry_run;
  return {};
}

}  // namespace

Result<CommandLine> ParseCommandLine(int argc, char** argv) {
  std::vector<char*> arguments(argv, argv + argc);
  CommandLine line;
  line.command = TakeCommand(arguments);
  GNEISS_ASSIGN_OR_RETURN(const ConfigMap settings, TakeSettings(arguments));

  gflags::SetUsageMessage(kUsage);
  gflags::SetVersionString(kVersion);
  int count = static_cast<int>(arguments.size());
  char** rest = arguments.data();
  gflags::ParseCommandLineNonHelpFlags(&count, &rest, true);
  if (gflags::GetCommandLineFlagInfoOrDie("help").current_value == "true") {
    gflags::ShowUsageWithFlagsRestrict(argv[0], "server/flags.cc");
    std::exit(0);
  }
  gflags::HandleCommandLineHelpFlags();
  if (count > 1) {
    return Fail(Errc::kInvalidArgument,
                "unknown command \"" + std::string(rest[1]) +
                    "\"; there are run, health, snapshot and repair, see --help");
  }

  if (FLAGS_print_api_table) line.command = CommandLine::Command::kPrintApiTable;
  if (!FLAGS_config.empty()) {
    GNEISS_ASSIGN_OR_RETURN(line.properties, ReadPropertiesFile(FLAGS_config));
  }
  for (const auto& [name, value] : settings) line.properties[name] = value;
  AddFlags(line.properties);
  if (FLAGS_event_loops < 0 || FLAGS_event_loops > kEventLoopsMax) {
    return Fail(Errc::kInvalidArgument, "--event_loops=" + std::to_string(FLAGS_event_loops) +
                                            ": must be 0 to " + std::to_string(kEventLoopsMax));
  }
  GNEISS_RETURN_IF_ERROR(AddPaths(line));
  GNEISS_RETURN_IF_ERROR(AddRepair(line));
  if (!FLAGS_http_address.empty() && !ParseHostAndPort(FLAGS_http_address)) {
    return Fail(Errc::kInvalidArgument,
                "--http_address=" + FLAGS_http_address + ": expected host:port");
  }
  line.http_address = FLAGS_http_address;
  line.event_loops = FLAGS_event_loops;
  line.health_address = FLAGS_address;
  return line;
}

}  // namespace gneiss::server
