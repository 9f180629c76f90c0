// SPDX-License-Identifier: Apache-2.0
// gneiss: the command line, the process's own settings, and the way up and down.

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>

#include <glog/logging.h>
#include <malloc.h>
#include <sys/resource.h>

#include "server/api_table_text.h"
#include "server/broker_impl.h"
#include "server/config/broker_config_parser.h"
#include "server/flags.h"
#include "server/health_check.h"
#include "server/repair_command.h"
#include "server/snapshot_command.h"
#include "server/throw_away_copy.h"
#include "server/version.h"

namespace gneiss::server {
namespace {

// Threads that malloc share an arena: each further one costs idle memory.
constexpr int kMallocArenas = 4;

int Refuse(const Error& error) {
  std::cerr << "gneiss: " << error.detail << '\n';
  return EXIT_FAILURE;
}

void RaiseFileLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    LOG(WARNING) << "cannot raise the limit of open files";
  }
}

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

// "ready ..." on stdout is for programs, and the only line there; the log is for people.
void Announce(const BrokerImpl& broker) {
  std::string uris;
  for (const auto& listener : broker.listeners()) {
    uris += (uris.empty() ? "" : ",") + listener->Uri();
  }
  std::string data_dirs;
  for (const auto& dir : broker.config().log_dirs) {
    data_dirs += (data_dirs.empty() ? "" : ",") + dir.string();
  }
  if (broker.config().advertised_listeners.empty()) {
    LOG(INFO) << "clients are told the address that they connected to; if a port is remapped on "
                 "the way here (as Docker can do), set advertised.listeners";
  }
  LOG(INFO) << "started version=" << kVersion << " cluster_id=" << broker.cluster_id()
            << " node_id=" << broker.config().node_id << " listeners=" << uris;
  const std::string http = broker.http_address().empty() ? "" : " http=" + broker.http_address();
  std::cout << "ready listeners=" << uris << http << " data_dir=" << data_dirs << std::endl;
}

int Run(BrokerOptions options) {
  // Blocked before the first thread starts, so that only sigwait below sees them.
  const sigset_t signals = StopSignals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  RaiseFileLimit();
  Result<std::unique_ptr<BrokerImpl>> broker = BrokerImpl::Start(std::move(options));
  if (!broker) return Refuse(broker.error());
  Announce(**broker);

  int signal = 0;
  ::sigwait(&signals, &signal);
  LOG(INFO) << "stopping signal=" << signal;
  ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);  // a second one ends the process at once
  const Status stopped = (*broker)->Stop();
  if (!stopped) {
    LOG(ERROR) << stopped.error().detail;
    google::FlushLogFiles(google::GLOG_INFO);
    std::_Exit(EXIT_FAILURE);  // parts of the broker may still be in use
  }
  LOG(INFO) << "stopped";
  return EXIT_SUCCESS;
}

int Main(int argc, char** argv) {
  FLAGS_logtostderr = true;
  Result<CommandLine> line = ParseCommandLine(argc, argv);
  if (!line) return Refuse(line.error());
  if (line->command == CommandLine::Command::kPrintApiTable) {
    std::cout << ApiTableText(ServedApis());
    return EXIT_SUCCESS;
  }
  google::InitGoogleLogging(argv[0]);
  Result<ParsedBrokerConfig> parsed = ParseBrokerConfig(line->properties);
  if (!parsed) return Refuse(parsed.error());
  if (line->command == CommandLine::Command::kHealth) {
    const Status healthy = CheckHealth(parsed->config, line->health_address);
    return healthy ? EXIT_SUCCESS : Refuse(healthy.error());
  }
  if (line->command == CommandLine::Command::kSnapshot) {
    const Result<std::string> taken = TakeSnapshotOf(parsed->config, line->snapshot_to);
    if (!taken) return Refuse(taken.error());
    std::cout << *taken;
    return EXIT_SUCCESS;
  }
  if (line->command == CommandLine::Command::kRepair) {
    const Status repaired =
        RepairStores(parsed->config, line->repair_store, line->dry_run, std::cout);
    return repaired ? EXIT_SUCCESS : Refuse(repaired.error());
  }
  for (const std::string& warning : parsed->warnings) LOG(WARNING) << warning;
  std::unique_ptr<ThrowAwayCopy> copy;  // outlives the broker
  if (!line->from.empty()) {
    auto made = ThrowAwayCopy::Make(line->from, line->scratch_dir);
    if (!made) return Refuse(made.error());
    copy = std::move(*made);
    parsed->config.log_dirs = {copy->data_dir()};
    parsed->config.metadata_log_dir.reset();
  }
  return Run({.config = std::move(parsed->config),
              .event_loops = line->event_loops,
              .http_address = std::move(line->http_address)});
}

}  // namespace
}  // namespace gneiss::server

int main(int argc, char** argv) {
  ::mallopt(M_ARENA_MAX, gneiss::server::kMallocArenas);
  return gneiss::server::Main(argc, argv);
}
