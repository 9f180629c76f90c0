// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "engine/engine_stats.h"

namespace gneiss::server {

inline constexpr char kMetricsContentType[] = "text/plain; version=0.0.4; charset=utf-8";

// The figures in Prometheus' text format. Names and meanings: docs/operations.md.
std::string MetricsText(const engine::EngineStats& stats);

}  // namespace gneiss::server
