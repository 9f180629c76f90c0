// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "engine/rocks_metadata_log.h"
#include "engine/snapshot/snapshot_report.h"
#include "engine/store.h"
#include "protocol/base/result.h"

namespace gneiss::engine {

// What a snapshot is taken of.
struct SnapshotSources {
  std::vector<std::filesystem::path> data_dirs;  // in the order of log.dirs
  RocksMetadataLog& metadata;
  // All stores, as they are when it is called; an error when one of them is not there.
  std::function<Result<std::vector<std::shared_ptr<Store>>>()> stores;
};

// A consistent cut through a running engine, in `to` (engine/format.h, "snapshot"): everything that
// was acknowledged when it began, and nothing that came after one moment within. Writers wait for
// the few milliseconds in which the files are noted; then files are linked, or copied if `to` is on
// another volume. Blocks. Errors are sentences for an operator.
Result<SnapshotReport> TakeSnapshot(const SnapshotSources& sources,
                                    const std::filesystem::path& to);

}  // namespace gneiss::engine
