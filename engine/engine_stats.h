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

// One data directory.
struct LogDirUsage {
  std::string path;
  std::int64_t total_bytes = -1;   // of the volume
  std::int64_t usable_bytes = -1;  // of the volume
  bool online = true;
  bool low_on_space = false;  // appends are refused until there is room
};

// The figures of one store. Counters begin anew with each opening.
struct StoreStats {
  std::string path;
  StoreHealth health = StoreHealth::kWritable;
  std::uint64_t partitions = 0;  // that are placed there, with a family or without one yet
  std::uint64_t families = 0;
  std::uint64_t memtable_bytes = 0;
  std::uint64_t table_reader_bytes = 0;  // indexes and properties of open files, in memory
  std::uint64_t pending_compaction_bytes = 0;
  std::uint64_t running_flushes = 0;
  std::uint64_t running_compactions = 0;
  std::uint64_t background_errors = 0;   // a counter
  std::uint64_t delayed_write_rate = 0;  // bytes a second, while RocksDB slows writers; else 0
  std::uint64_t writes_stopped = 0;      // 1: RocksDB lets nobody write
  // As they lie in the directory, what is about to be deleted included.
  std::uint64_t wal_bytes = 0;
  std::uint64_t sst_files = 0;
  std::uint64_t sst_bytes = 0;
  // Counters: what background work read and wrote, and how often it held writers up.
  std::uint64_t flushes = 0;
  std::uint64_t flushed_bytes = 0;
  std::uint64_t compactions = 0;
  std::uint64_t compaction_read_bytes = 0;
  std::uint64_t compaction_written_bytes = 0;
  std::uint64_t write_stalls = 0;
  // Counters of the committer.
  std::uint64_t commits = 0;
  std::uint64_t commit_groups = 0;
  std::uint64_t commit_syncs = 0;
  std::uint64_t commit_write_ns = 0;  // in writes to the WAL and its fsyncs
  // What waits for it.
  std::uint64_t commits_queued = 0;
  std::uint64_t commit_bytes_queued = 0;
};

struct SnapshotStats {
  std::uint64_t taken = 0;
  std::uint64_t failed = 0;
  TimestampMs last_taken_ms = kNoTimestamp;
  std::uint64_t last_pause_us = 0;  // for which nothing could be written
  std::uint64_t last_duration_us = 0;
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
  std::vector<LogDirUsage> directories;
  std::vector<StoreStats> stores;
  HousekeepingStats housekeeping;
  CleanerStats cleaner;
  SnapshotStats snapshots;
  std::uint64_t records_lost = 0;  // found missing at the ends of logs when these were opened
  std::uint64_t partitions_with_losses = 0;  // of how many
  std::uint64_t damaged_stores_kept = 0;     // what repairs have left beside their stores
  std::size_t partition_count = 0;           // of all
  std::vector<PartitionStats> partitions;    // by topic and partition
};

}  // namespace gneiss::engine
