// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/engine_stats.h"
#include "server/metrics/metric_families.h"
#include "server/partition_table.h"

namespace gneiss::server {

// By topic and partition, as many as there are in `stats`: offsets, size, retention, cleaning.
void AddPartitionMetrics(const engine::EngineStats& stats, MetricFamilies& out);
// By topic: what comes in and goes out.
void AddTopicMetrics(const ServedTopics& topics, MetricFamilies& out);

}  // namespace gneiss::server
