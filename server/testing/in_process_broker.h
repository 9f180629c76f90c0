// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "engine/testing/temp_dir.h"
#include "server/config/broker_config.h"
#include "server/testing/raw_client.h"

namespace gneiss::server {
class Broker;
class BrokerImpl;
}  // namespace gneiss::server

namespace gneiss::server::testing {

struct InProcessOptions {
  ConfigMap properties;  // Kafka's names, over the test's defaults; e.g. {"num.partitions", "3"}
  int event_loops = 1;
};

// InProcessBroker is a whole broker on a temporary directory and a port that the system picks.
// What goes wrong at start throws. Groups settle at once: group.initial.rebalance.delay.ms is 0.
// Threads: one at a time.
class InProcessBroker {
 public:
  explicit InProcessBroker(InProcessOptions options = {});
  ~InProcessBroker();

  // A clean stop and a new start upon the same data, on a new port.
  void Restart();
  // The two halves of Restart.
  void Stop();
  void Start();

  std::uint16_t port() const;
  RawClient Connect() const { return RawClient(port()); }
  Broker& broker();
  const std::filesystem::path& data_dir() const { return data_dir_.path(); }

 private:
  InProcessOptions options_;
  engine::testing::TempDir data_dir_;
  std::unique_ptr<BrokerImpl> broker_;
};

}  // namespace gneiss::server::testing
