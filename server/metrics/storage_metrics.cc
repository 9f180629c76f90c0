// SPDX-License-Identifier: Apache-2.0
#include "server/metrics/storage_metrics.h"

namespace gneiss::server {
namespace {

using engine::CleanerStats;
using engine::EngineStats;
using engine::HousekeepingStats;
using engine::LogDirUsage;
using engine::SnapshotStats;
using engine::StoreHealth;
using engine::StoreStats;

constexpr double kNanosecond = 1e-9;
constexpr double kMicrosecond = 1e-6;

constexpr Figure<StoreStats> kStoreFigures[] = {
    {MetricType::Gauge, "gneiss_store_families", "Partitions that have data in the store.",
     &StoreStats::families},
    {MetricType::Gauge, "gneiss_store_memtable_bytes", "Memory of RocksDB's memtables.",
     &StoreStats::memtable_bytes},
    {MetricType::Gauge, "gneiss_store_table_reader_bytes",
     "Memory of the indexes and properties of open SST files.", &StoreStats::table_reader_bytes},
    {MetricType::Gauge, "gneiss_store_wal_bytes", "Size of the write-ahead log.",
     &StoreStats::wal_bytes},
    {MetricType::Gauge, "gneiss_store_sst_files", "SST files.", &StoreStats::sst_files},
    {MetricType::Gauge, "gneiss_store_sst_bytes", "Size of the SST files.", &StoreStats::sst_bytes},
    {MetricType::Counter, "gneiss_store_flushes_total", "Memtables written to SST files.",
     &StoreStats::flushes},
    {MetricType::Counter, "gneiss_store_flushed_bytes_total", "Bytes that flushes wrote.",
     &StoreStats::flushed_bytes},
    {MetricType::Counter, "gneiss_store_compactions_total", "Compactions of RocksDB that ended.",
     &StoreStats::compactions},
    {MetricType::Counter, "gneiss_store_compaction_read_bytes_total",
     "Bytes that compactions read.", &StoreStats::compaction_read_bytes},
    {MetricType::Counter, "gneiss_store_compaction_written_bytes_total",
     "Bytes that compactions wrote.", &StoreStats::compaction_written_bytes},
    {MetricType::Gauge, "gneiss_store_running_flushes", "Flushes that run now.",
     &StoreStats::running_flushes},
    {MetricType::Gauge, "gneiss_store_running_compactions", "Compactions that run now.",
     &StoreStats::running_compactions},
    {MetricType::Gauge, "gneiss_store_pending_compaction_bytes",
     "Bytes that compactions still have to rewrite, as RocksDB estimates.",
     &StoreStats::pending_compaction_bytes},
    {MetricType::Counter, "gneiss_store_background_errors_total",
     "Flushes and compactions that failed.", &StoreStats::background_errors},
    {MetricType::Counter, "gneiss_store_write_stalls_total",
     "Times that RocksDB began to slow or stop writers.", &StoreStats::write_stalls},
    {MetricType::Gauge, "gneiss_store_delayed_write_rate_bytes",
     "Bytes a second that RocksDB lets in while it slows writers; 0 when it does not.",
     &StoreStats::delayed_write_rate},
    {MetricType::Gauge, "gneiss_store_writes_stopped", "1: RocksDB lets nobody write now.",
     &StoreStats::writes_stopped},
    {MetricType::Counter, "gneiss_store_commits_total", "Appends and other atomic changes.",
     &StoreStats::commits},
    {MetricType::Counter, "gneiss_store_commit_groups_total",
     "Writes to the WAL, each of one or more commits.", &StoreStats::commit_groups},
    {MetricType::Counter, "gneiss_store_commit_syncs_total", "Fsyncs of the WAL.",
     &StoreStats::commit_syncs},
    {MetricType::Counter, "gneiss_store_commit_write_seconds_total",
     "Time spent in writes to the WAL and its fsyncs.", &StoreStats::commit_write_ns, kNanosecond},
    {MetricType::Gauge, "gneiss_store_commits_queued", "Commits that wait for the committer.",
     &StoreStats::commits_queued},
    {MetricType::Gauge, "gneiss_store_commit_queue_bytes",
     "Bytes of batches that wait or are being written.", &StoreStats::commit_bytes_queued},
};

constexpr Figure<HousekeepingStats> kHousekeepingFigures[] = {
    {MetricType::Counter, "gneiss_retention_expired_bytes_total",
     "Bytes that retention has hidden.", &HousekeepingStats::bytes_expired},
    {MetricType::Counter, "gneiss_retention_dropped_bytes_total",
     "Bytes of files that were given back.", &HousekeepingStats::bytes_dropped},
    {MetricType::Counter, "gneiss_retention_read_bytes_total",
     "Bytes that were read to give them back.", &HousekeepingStats::drop_bytes_read},
    {MetricType::Counter, "gneiss_retention_written_bytes_total",
     "Bytes that were written to give them back.", &HousekeepingStats::drop_bytes_written},
    {MetricType::Counter, "gneiss_merge_read_bytes_total", "Bytes read to merge small files.",
     &HousekeepingStats::merge_bytes_read},
    {MetricType::Counter, "gneiss_merge_written_bytes_total", "Bytes written to merge small files.",
     &HousekeepingStats::merge_bytes_written},
};

constexpr Figure<CleanerStats> kCleanerFigures[] = {
    {MetricType::Counter, "gneiss_cleaner_cleans_total", "Times that a partition was compacted.",
     &CleanerStats::cleans},
    {MetricType::Counter, "gneiss_cleaner_read_bytes_total",
     "Bytes of batches read for log compaction.", &CleanerStats::bytes_read},
    {MetricType::Counter, "gneiss_cleaner_written_bytes_total",
     "Bytes of files written by log compaction.", &CleanerStats::bytes_written},
};

constexpr Figure<SnapshotStats> kSnapshotFigures[] = {
    {MetricType::Counter, "gneiss_snapshots_taken_total", "Snapshots that were taken.",
     &SnapshotStats::taken},
    {MetricType::Counter, "gneiss_snapshots_failed_total", "Snapshots that failed.",
     &SnapshotStats::failed},
    {MetricType::Gauge, "gneiss_snapshot_last_pause_seconds",
     "For how long nothing could be written during the last snapshot.",
     &SnapshotStats::last_pause_us, kMicrosecond},
    {MetricType::Gauge, "gneiss_snapshot_last_duration_seconds",
     "How long the last snapshot took in all.", &SnapshotStats::last_duration_us, kMicrosecond},
};

constexpr Figure<EngineStats> kLossFigures[] = {
    {MetricType::Counter, "gneiss_records_lost_total",
     "Records that were missing at the ends of logs when these were opened.",
     &EngineStats::records_lost},
    {MetricType::Gauge, "gneiss_partitions_with_losses",
     "Partitions in which records were missing then.", &EngineStats::partitions_with_losses},
    {MetricType::Gauge, "gneiss_damaged_stores_kept",
     "Damaged stores that repairs have left beside the present ones.",
     &EngineStats::damaged_stores_kept},
};

void AddDirectories(const std::vector<LogDirUsage>& directories, MetricFamilies& out) {
  auto online = out.Gauge("gneiss_data_dir_online", "1: in use; 0: its partitions are offline.");
  auto low = out.Gauge("gneiss_low_on_space", "1: appends are refused until there is room.");
  auto size = out.Gauge("gneiss_data_dir_size_bytes", "Size of the directory's volume.");
  auto free = out.Gauge("gneiss_data_dir_free_bytes", "Free space of the directory's volume.");
  for (const LogDirUsage& directory : directories) {
    const Labels labels{{"directory", directory.path}};
    online.Add(labels, directory.online ? 1.0 : 0.0);
    low.Add(labels, directory.low_on_space ? 1.0 : 0.0);
    if (directory.total_bytes < 0) continue;
    size.Add(labels, static_cast<double>(directory.total_bytes));
    free.Add(labels, static_cast<double>(directory.usable_bytes));
  }
}

void AddStores(const std::vector<StoreStats>& stores, MetricFamilies& out) {
  auto online = out.Gauge("gneiss_store_online", "1: open; 0: its partitions are offline.");
  auto writable = out.Gauge("gneiss_store_writable",
                            "1: takes writes; 0: the disk is full, or a write has failed.");
  auto offline =
      out.Gauge("gneiss_store_offline_partitions", "Partitions of the store that are not served.");
  const auto labels_of = [](const StoreStats& store) { return Labels{{"store", store.path}}; };
  for (const StoreStats& store : stores) {
    const bool is_online = store.health != StoreHealth::kOffline;
    online.Add(labels_of(store), is_online ? 1.0 : 0.0);
    writable.Add(labels_of(store), store.health == StoreHealth::kWritable ? 1.0 : 0.0);
    offline.Add(labels_of(store), is_online ? std::uint64_t{0} : store.partitions);
  }
  AddFigures(kStoreFigures, stores, labels_of, out);
}

}  // namespace

void AddStorageMetrics(const EngineStats& stats, MetricFamilies& out) {
  AddDirectories(stats.directories, out);
  AddStores(stats.stores, out);
  AddFigures(kHousekeepingFigures, stats.housekeeping, out);
  out.Gauge("gneiss_cleaner_uncleanable_partitions",
            "Partitions whose last try of log compaction failed.")
      .Add({}, std::uint64_t{stats.cleaner.uncleanable});
  AddFigures(kCleanerFigures, stats.cleaner, out);
  AddFigures(kSnapshotFigures, stats.snapshots, out);
  auto taken = out.Gauge("gneiss_snapshot_last_taken_timestamp_seconds",
                         "Unix time of the last snapshot; without a figure: none since the start.");
  if (stats.snapshots.last_taken_ms != kNoTimestamp) {
    taken.Add({}, static_cast<double>(stats.snapshots.last_taken_ms) / 1000);
  }
  AddFigures(kLossFigures, stats, out);
}

}  // namespace gneiss::server
