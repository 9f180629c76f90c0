// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace gneiss::engine {

// How often RocksDB has asked our CRC-32C. 0 means that its own, slow one is in use. Threads: any.
std::uint64_t RocksCrc32cCalls();

}  // namespace gneiss::engine
