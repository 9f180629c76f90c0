// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "server/metrics/loop_metrics.h"
#include "server/metrics/metric_families.h"

namespace gneiss::server {

// The sums of what the loops have counted: requests by API, errors by API and code, connections,
// fetches that wait. Only APIs that were asked for and errors that occurred are shown.
// REQUIRES: all loops have the same apis().
void AddRequestMetrics(std::span<const LoopMetrics* const> loops, MetricFamilies& out);

}  // namespace gneiss::server
