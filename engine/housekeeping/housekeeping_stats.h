// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace gneiss::engine {

// What housekeeping has done since the engine was opened. Bytes read and written are those of its
// own rewriting, so merge_bytes_written over the bytes appended is what it adds to write
// amplification. Threads: a plain value.
struct HousekeepingStats {
  std::uint64_t rounds = 0;            // over all partitions
  std::uint64_t log_starts_moved = 0;  // by retention
  std::uint64_t bytes_expired = 0;     // hidden by that
  std::uint64_t flushes = 0;           // of partitions that were written too rarely
  std::uint64_t files_dropped = 0;
  std::uint64_t bytes_dropped = 0;
  std::uint64_t drop_bytes_read = 0;
  std::uint64_t drop_bytes_written = 0;
  std::uint64_t merges = 0;
  std::uint64_t files_merged = 0;
  std::uint64_t merge_bytes_read = 0;
  std::uint64_t merge_bytes_written = 0;
  std::uint64_t postponed = 0;  // RocksDB was using the files
};

}  // namespace gneiss::engine
