// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>

#include "engine/snapshot/file_transfer.h"

namespace gneiss::engine {

// What became of a snapshot or a copy of data directories.
struct SnapshotReport {
  std::filesystem::path directory;
  std::chrono::microseconds pause{0};  // for which a running broker wrote nothing
  std::chrono::microseconds duration{0};
  TransferCounts files{};
};

}  // namespace gneiss::engine
