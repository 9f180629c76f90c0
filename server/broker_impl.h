// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "protocol/base/clock.h"
#include "protocol/base/result.h"
#include "server/broker.h"
#include "server/config/broker_config.h"
#include "server/coordinator/group_coordinator.h"
#include "server/fetch/fetch_session_cache.h"
#include "server/http/http_server.h"
#include "server/http/pages.h"
#include "server/idle_trim.h"
#include "server/metadata/local_controller.h"
#include "server/metrics/broker_metrics.h"
#include "server/net/complaint_log.h"
#include "server/net/connection.h"
#include "server/net/connection_counts.h"
#include "server/net/listener.h"
#include "server/net/live_tasks.h"
#include "server/net/storage_pool.h"
#include "server/partition_table.h"
#include "server/producer_id_allocator.h"
#include "server/telemetry/client_telemetry.h"

namespace gneiss::server {

struct BrokerOptions {
  BrokerConfig config;
  int event_loops = 0;         // 0: as many as cores, up to limits.h
  std::string http_address{};  // host:port; empty: no HTTP over TCP
};

// BrokerImpl is a standalone broker: the engine, a controller of its own, and the network.
// Threads: Start, Stop and the destructor the owner's; the accessors any.
class BrokerImpl final : public Broker {
 public:
  // Returns once everything is served. An error is one sentence for an operator.
  static Result<std::unique_ptr<BrokerImpl>> Start(BrokerOptions options);
  ~BrokerImpl() override;

  // Closes the connections, waits for what runs, and closes the engine. An error means that the
  // data is safe but the stop was not clean: end the process without destroying the broker.
  Status Stop();

  const std::vector<std::unique_ptr<Listener>>& listeners() const { return listeners_; }
  std::string http_address() const;  // where HTTP is served over TCP; empty: nowhere

  const BrokerConfig& config() const override { return config_; }
  const std::string& cluster_id() const override { return controller_->cluster_id(); }
  Clock& clock() const override { return Clock::System(); }
  engine::Engine& engine() const override { return *engine_; }
  MetadataSource& metadata() const override { return *controller_; }
  Controller& controller() const override { return *controller_; }
  PartitionTable& partitions() const override { return *partitions_; }
  GroupCoordinator& groups() const override { return *groups_; }
  FetchSessionCache& fetch_sessions() const override { return *fetch_sessions_; }
  ProducerIdAllocator& producer_ids() const override { return *producer_ids_; }
  ClientTelemetry& telemetry() const override { return *telemetry_; }
  StoragePool& storage() const override { return *storage_; }

 private:
  explicit BrokerImpl(BrokerOptions options);

  Status OpenData();
  void FollowDynamicConfig();
  Status OpenListeners();
  Status OpenHttp();
  void OpenMetrics();
  void Serve();
  // What HTTP asks for, on its threads, from before the data is open until Stop.
  PageSources Sources();
  std::string MetricsText() const;
  Readiness CheckReadiness() const;
  void CloseConnections();

  // In order of construction: what is above outlives what is below.
  const BrokerConfig config_;
  const std::string http_address_;
  ComplaintLog complaints_;
  LiveTasks tasks_;
  ConnectionCounts connection_counts_;
  ConnectionServices connection_services_;
  // The loops' contexts outlive everything that may still post to them.
  std::vector<std::unique_ptr<LoopWithConnections>> loops_;
  std::unique_ptr<StoragePool> storage_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<LocalController> controller_;
  std::unique_ptr<PartitionTable> partitions_;
  std::unique_ptr<FetchSessionCache> fetch_sessions_;
  std::unique_ptr<ProducerIdAllocator> producer_ids_;
  std::unique_ptr<GroupCoordinator> groups_;
  std::unique_ptr<ClientTelemetry> telemetry_;
  std::unique_ptr<IdleTrim> idle_trim_;
  std::unique_ptr<BrokerMetrics> metrics_;
  std::atomic<bool> data_is_open_ = false;  // what is above may be asked
  std::atomic<bool> listeners_are_open_ = false;
  std::unique_ptr<Pages> pages_;
  std::unique_ptr<HttpServer> http_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  bool serving_ = false;
};

}  // namespace gneiss::server
