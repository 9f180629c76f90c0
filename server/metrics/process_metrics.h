// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/metrics/metric_families.h"

namespace gneiss::server {

// The build, and the process as Linux sees it, under the names that Prometheus' own client
// libraries give to it. Reads /proc.
void AddProcessMetrics(MetricFamilies& out);

}  // namespace gneiss::server
