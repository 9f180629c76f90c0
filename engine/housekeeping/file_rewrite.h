// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "engine/database.h"
#include "engine/housekeeping/log_files.h"
#include "protocol/base/result.h"

namespace gneiss::engine {

struct RewriteResult {
  bool done = false;  // false: RocksDB or the cleaner has the files; later
  std::uint64_t bytes_read = 0;
  std::uint64_t bytes_written = 0;
};

// Passes the files through the family's filter into files of the last level of about `bytes_max`
// each: none when nothing is left, and then only their first blocks are read. Blocks. Fails with
// kStorage.
Result<RewriteResult> RewriteFiles(const std::shared_ptr<Family>& family,
                                   std::span<const LogFile> files, std::int64_t bytes_max);

}  // namespace gneiss::engine
