// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/engine_stats.h"
#include "server/metrics/metric_families.h"

namespace gneiss::server {

// Data directories, stores (RocksDB and its committer), housekeeping, cleaner, snapshots, losses.
void AddStorageMetrics(const engine::EngineStats& stats, MetricFamilies& out);

}  // namespace gneiss::server
