// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace gneiss::engine::testing {

// Writers, readers and clients that delete records work on several partitions at the same time,
// while retention, merges, flushes and changes of settings go on and the engine is now and then
// closed or dropped as by a kill. Dies (CHECK) where a log does anything but what was asked of it:
// an acknowledged record is there once, in order, or lies below a log start that some rule explains.
// `steps`: of all threads together.
void RunTraffic(std::uint32_t seed, int steps);

}  // namespace gneiss::engine::testing
