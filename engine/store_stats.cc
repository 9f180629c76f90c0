// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <system_error>

#include "engine/store.h"

namespace gneiss::engine {
namespace {

StoreHealth HealthOf(const Committer& committer) {
  const Status health = committer.health();
  if (health) return StoreHealth::kWritable;
  return health.error().code == Errc::kDiskFull ? StoreHealth::kDiskFull : StoreHealth::kFailed;
}

// From the directory, not from RocksDB: listing its files there holds its mutex, and all writers
// with it, for 30 ms when there are ten thousand.
void CountFiles(const std::filesystem::path& directory, StoreStats& stats) {
  std::error_code error;
  for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error)) {
    std::error_code gone;  // deleted meanwhile
    const std::uintmax_t size = it->file_size(gone);
    if (gone) continue;
    const std::filesystem::path extension = it->path().extension();
    if (extension == ".sst") {
      ++stats.sst_files;
      stats.sst_bytes += size;
    } else if (extension == ".log") {
      stats.wal_bytes += size;
    }
  }
}

void ReadProperties(rocksdb::DB& db, StoreStats& stats) {
  using Properties = rocksdb::DB::Properties;
  // Of all families together.
  db.GetAggregatedIntProperty(Properties::kCurSizeAllMemTables, &stats.memtable_bytes);
  db.GetAggregatedIntProperty(Properties::kEstimateTableReadersMem, &stats.table_reader_bytes);
  db.GetAggregatedIntProperty(Properties::kEstimatePendingCompactionBytes,
                              &stats.pending_compaction_bytes);
  // Of the database.
  db.GetIntProperty(Properties::kNumRunningFlushes, &stats.running_flushes);
  db.GetIntProperty(Properties::kNumRunningCompactions, &stats.running_compactions);
  db.GetIntProperty(Properties::kBackgroundErrors, &stats.background_errors);
  db.GetIntProperty(Properties::kActualDelayedWriteRate, &stats.delayed_write_rate);
  db.GetIntProperty(Properties::kIsWriteStopped, &stats.writes_stopped);
}

}  // namespace

StoreStats Store::Stats() const {
  StoreStats stats;
  stats.path = options_.path.string();
  stats.health = HealthOf(*committer_);
  {
    MutexLock lock(mutex_);
    stats.families = families_.size();
  }
  ReadProperties(db(), stats);
  CountFiles(options_.path, stats);
  stats.flushes = counters_->flushes();
  stats.compactions = counters_->compactions();
  stats.flushed_bytes = counters_->flushed_bytes();
  stats.compaction_read_bytes = counters_->compaction_read_bytes();
  stats.compaction_written_bytes = counters_->compaction_written_bytes();
  stats.write_stalls = counters_->write_stalls();
  const Committer::Counters commits = committer_->counters();
  stats.commits = commits.commits;
  stats.commit_groups = commits.groups;
  stats.commit_syncs = commits.syncs;
  stats.commit_write_ns = commits.write_ns;
  const Committer::Backlog backlog = committer_->backlog();
  stats.commits_queued = backlog.commits;
  stats.commit_bytes_queued = backlog.bytes;
  return stats;
}

}  // namespace gneiss::engine
