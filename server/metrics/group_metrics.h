// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "server/coordinator/group_figures.h"
#include "server/metrics/group_lag.h"
#include "server/metrics/metric_families.h"

namespace gneiss::server {

// All groups by state and protocol; `shown` are those that get figures of their own, and `lag` is
// theirs.
void AddGroupMetrics(const CoordinatorFigures& all, std::span<const GroupFigures> shown,
                     const GroupLag& lag, MetricFamilies& out);

}  // namespace gneiss::server
