// SPDX-License-Identifier: Apache-2.0
#include "server/testing/in_process_broker.h"

#include <stdexcept>
#include <utility>

#include "server/broker_impl.h"
#include "server/config/broker_config_parser.h"

namespace gneiss::server::testing {
InProcessBroker::InProcessBroker(InProcessOptions options) : options_(std::move(options)) {
  ConfigMap defaults = {{"listeners", "PLAINTEXT://127.0.0.1:0"},
                        {"log.dirs", data_dir_.path().string()},
                        {"group.initial.rebalance.delay.ms", "0"}};
  options_.properties.merge(defaults);  // what the test gave wins
  Start();
}

InProcessBroker::~InProcessBroker() = default;

void InProcessBroker::Start() {
  Result<ParsedBrokerConfig> parsed = ParseBrokerConfig(options_.properties);
  if (!parsed) throw std::runtime_error(parsed.error().detail);
  Result<std::unique_ptr<BrokerImpl>> broker =
      BrokerImpl::Start({.config = std::move(parsed->config), .event_loops = options_.event_loops});
  if (!broker) throw std::runtime_error(broker.error().detail);
  broker_ = std::move(*broker);
}

void InProcessBroker::Stop() {
  const Status stopped = broker_->Stop();
  if (!stopped) throw std::runtime_error(stopped.error().detail);
  broker_.reset();
}

void InProcessBroker::Restart() {
  Stop();
  Start();
}

std::uint16_t InProcessBroker::port() const { return broker_->listeners().front()->port(); }

Broker& InProcessBroker::broker() { return *broker_; }

}  // namespace gneiss::server::testing
