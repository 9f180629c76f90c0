// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <vector>

#include "engine/snapshot/snapshot_report.h"
#include "protocol/base/result.h"

namespace gneiss::engine {

// What `paths` are data directories of: themselves, and those within that a snapshot of a broker
// with several put there. Keeps the order.
std::vector<std::filesystem::path> WithSnapshotDataDirs(
    const std::vector<std::filesystem::path>& paths);

struct DirectoryCopyOptions {
  std::vector<std::filesystem::path> data_dirs;  // as WithSnapshotDataDirs gives them
  std::filesystem::path metadata_dir;
  FileTransfer::Durability durability = FileTransfer::Durability::kSynced;
};

// A copy, in the form of a snapshot, of data directories that no broker is running on. SSTs are
// linked, all else is copied; the originals are not changed. They are locked against brokers, not
// against other copies, meanwhile. Errors are sentences for an operator; kWouldBlock when a broker
// is running there.
Result<SnapshotReport> CopyDataDirectories(const DirectoryCopyOptions& options,
                                           const std::filesystem::path& to);

}  // namespace gneiss::engine
