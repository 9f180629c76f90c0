// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/cleaner/cleaning_status.h"
#include "engine/housekeeping/housekeeping_stats.h"
#include "engine/partition_log.h"
#include "protocol/base/ids.h"

namespace gneiss::engine {

enum class StoreHealth {
  kWritable,
  kDiskFull,  // refuses writes until there is room
  kFailed,    // refuses writes until it is opened again
  kOffline,   // is not open at all
};

// The figures of one store. Counters begin anew with each opening.
struct StoreStats {
  std::string path;
  StoreHealth health = StoreHealth::kWritable;
  std::uint64_t partitions = 0;  // that are placed there, with a family or without one yet
  std::uint64_t families = 0;
  std::uint64_t memtable_bytes = 0;
  // As they lie in the directory, what is about to be deleted included.
  std::uint64_t wal_bytes = 0;
  std::uint64_t sst_files = 0;
  std::uint64_t sst_bytes = 0;
  // Counters: what background work read and wrote, and how often it held writers up.
  std::uint64_t flushed_bytes = 0;
  std::uint64_t compaction_read_bytes = 0;
  std::uint64_t compaction_written_bytes = 0;
  std::uint64_t write_stalls = 0;
  // Counters of the committer.
  std::uint64_t commits = 0;
  std::uint64_t commit_groups = 0;
  std::uint64_t commit_syncs = 0;
};

struct PartitionStats {
  TopicPartition tp;
  Offset log_start;
  Offset high_watermark;
  std::int64_t size_bytes = 0;
  RetentionStatus retention{};
  std::optional<CleaningStatus> cleaning = {};  // of a compacted partition
};

struct EngineStats {
  std::vector<StoreStats> stores;
  HousekeepingStats housekeeping;
  CleanerStats cleaner;
  std::size_t partition_count = 0;         // of all
  std::vector<PartitionStats> partitions;  // by topic and partition
};

}  // namespace gneiss::engine
