// SPDX-License-Identifier: Apache-2.0
#include "server/metrics/broker_metrics.h"

#include <algorithm>
#include <chrono>
#include <span>

#include "engine/engine.h"
#include "server/coordinator/group_coordinator.h"
#include "server/fetch/fetch_session_cache.h"
#include "server/limits.h"
#include "server/metrics/group_lag.h"
#include "server/metrics/group_metrics.h"
#include "server/metrics/loop_lag.h"
#include "server/metrics/partition_metrics.h"
#include "server/metrics/request_metrics.h"
#include "server/metrics/storage_metrics.h"
#include "server/net/memory_budget.h"
#include "server/partition_table.h"

namespace gneiss::server {

void BrokerMetrics::AddTo(MetricFamilies& out) const {
  AddLoops(out);
  AddMemory(out);
  AddFetchSessions(out);
  AddStorage(out);
  AddGroups(out);
}

void BrokerMetrics::AddLoops(MetricFamilies& out) const {
  std::vector<const LoopMetrics*> metrics;
  std::vector<boost::asio::any_io_executor> executors;
  for (const Loop& loop : parts_.loops) {
    metrics.push_back(loop.metrics);
    executors.push_back(loop.executor);
  }
  AddRequestMetrics(metrics, out);
  auto lag = out.Gauge("gneiss_event_loop_lag_seconds",
                       "How long a task waited for the event loop just now.");
  const auto lags = MeasureLoopLag(executors, limits::kLoopLagMax);
  for (std::size_t i = 0; i < lags.size(); ++i) {
    lag.Add({{"loop", std::to_string(i)}}, std::chrono::duration<double>(lags[i]).count());
  }
}

void BrokerMetrics::AddMemory(MetricFamilies& out) const {
  const MemoryBudget& memory = parts_.request_memory;
  out.Gauge("gneiss_request_memory_bytes", "Memory of large requests that are read or handled.")
      .Add({}, std::uint64_t{memory.used()});
  out.Gauge("gneiss_request_memory_limit_bytes", "queued.max.request.bytes.")
      .Add({}, std::uint64_t{memory.limit()});
}

void BrokerMetrics::AddFetchSessions(MetricFamilies& out) const {
  const FetchSessionCache::Figures figures = parts_.fetch_sessions.figures();
  out.Gauge("gneiss_fetch_sessions", "Incremental fetch sessions (KIP-227).")
      .Add({}, std::uint64_t{figures.sessions});
  out.Gauge("gneiss_fetch_session_partitions", "Partitions of all fetch sessions.")
      .Add({}, std::uint64_t{figures.partitions});
  out.Counter("gneiss_fetch_session_evictions_total", "Sessions that made room for others.")
      .Add({}, figures.evictions);
}

void BrokerMetrics::AddStorage(MetricFamilies& out) const {
  const engine::EngineStats stats = parts_.engine.Stats(limits::kMetricPartitionsMax);
  AddStorageMetrics(stats, out);
  AddTopicMetrics(parts_.partitions.Topics(limits::kMetricTopicsMax), out);
  AddPartitionMetrics(stats, out);
}

void BrokerMetrics::AddGroups(MetricFamilies& out) const {
  CoordinatorFigures figures = parts_.groups.Figures();
  std::ranges::sort(figures.groups, {}, &GroupFigures::group);
  const auto shown = std::span<const GroupFigures>(figures.groups)
                         .first(std::min(figures.groups.size(), limits::kMetricGroupsMax));
  const GroupLag lag = ReadGroupLag(parts_.groups, parts_.partitions, parts_.clock, shown,
                                    {.partitions_max = limits::kMetricGroupPartitionsMax,
                                     .read_time_max = limits::kMetricLagReadMax});
  AddGroupMetrics(figures, shown, lag, out);
}

}  // namespace gneiss::server
