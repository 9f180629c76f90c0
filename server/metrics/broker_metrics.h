// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "protocol/base/clock.h"
#include "server/metrics/loop_metrics.h"
#include "server/metrics/metric_families.h"

namespace gneiss::engine {
class Engine;
}

namespace gneiss::server {

class FetchSessionCache;
class GroupCoordinator;
class MemoryBudget;
class PartitionTable;

// BrokerMetrics is the page of metrics of a broker that serves. Names and meanings:
// docs/operations.md.
//
// Nothing is kept from one look to the next: every part is asked for its figures.
// Threads: any but event loops; takes milliseconds, and reads files for at most kMetricLagReadMax.
class BrokerMetrics {
 public:
  struct Loop {
    boost::asio::any_io_executor executor;
    const LoopMetrics* metrics;
  };
  // All of it outlives this object. There is at least one loop.
  struct Parts {
    Clock& clock;
    const engine::Engine& engine;
    const PartitionTable& partitions;
    const GroupCoordinator& groups;
    const FetchSessionCache& fetch_sessions;
    const MemoryBudget& request_memory;
    std::vector<Loop> loops;
  };
  explicit BrokerMetrics(Parts parts) : parts_(std::move(parts)) {}

  void AddTo(MetricFamilies& out) const;

 private:
  void AddLoops(MetricFamilies& out) const;
  void AddMemory(MetricFamilies& out) const;
  void AddFetchSessions(MetricFamilies& out) const;
  void AddStorage(MetricFamilies& out) const;
  void AddGroups(MetricFamilies& out) const;

  const Parts parts_;
};

}  // namespace gneiss::server
