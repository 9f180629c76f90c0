// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/file_system.h>

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <vector>

#include "engine/cleaner/cleaner_pool.h"
#include "engine/data_directory.h"
#include "engine/engine.h"
#include "engine/housekeeping/housekeeper.h"
#include "engine/log_end_record.h"
#include "engine/placement_table.h"
#include "engine/rocks_metadata_log.h"
#include "engine/rocks_partition_log.h"
#include "engine/store.h"
#include "engine/store_set.h"
#include "protocol/base/mutex.h"

namespace gneiss::engine {

// RocksEngine is the Engine: the stores, the logs of the partitions in them, and the metadata log.
// Threads: as Engine. Lock order: mutex_, then those of StoreSet and RocksPartitionLog.
class RocksEngine final : public Engine {
 public:
  // `file_system` lies below RocksDB; tests put one there that fails or forgets.
  static Result<std::unique_ptr<RocksEngine>> Open(
      EngineOptions options, std::shared_ptr<rocksdb::FileSystem> file_system);

  ~RocksEngine() override;  // without Close: as a crash leaves it, but what is queued is written

  Status Close() override EXCLUDES(mutex_);
  MetadataLog& metadata_log() override { return *metadata_log_; }
  std::vector<OpenedPartition> OpenPartitions(std::span<const PartitionToOpen> partitions) override
      EXCLUDES(mutex_);
  void DropPartition(const TopicPartition& tp, const Uuid& topic_id) override EXCLUDES(mutex_);
  void DropRemoved(const std::function<bool(const Uuid&)>& is_removed) override EXCLUDES(mutex_);
  bool MayHold(const Uuid& topic_id) const override;
  Status ClonePartitions(std::span<const PartitionToClone> clones) override EXCLUDES(mutex_);
  void SetCleanerOptions(const CleanerOptions& options) override;
  std::vector<LogDirUsage> LogDirs() const override;
  EngineStats Stats(std::size_t partitions_max) const override EXCLUDES(mutex_);
  Result<SnapshotReport> Snapshot(const std::filesystem::path& to) override;

  // Those that are online. More may come at any time.
  std::vector<std::shared_ptr<Store>> stores() const { return stores_->stores(); }
  const CleanerPool* cleaner() const { return cleaner_.get(); }  // null: there is none
  Housekeeper& housekeeper() { return *housekeeper_; }

  LogEndRecord& log_ends() { return *log_ends_; }

 private:
  explicit RocksEngine(EngineOptions options) : options_(std::move(options)) {}

  enum class Shutdown { kClean, kAbrupt };

  std::shared_ptr<RocksPartitionLog> FindLog(const format::PartitionRef& ref) const
      EXCLUDES(mutex_);
  std::set<format::PartitionRef> DropInterruptedClones();

  Status CloseStores(Shutdown how) EXCLUDES(mutex_);
  std::vector<std::shared_ptr<RocksPartitionLog>> Logs() const EXCLUDES(mutex_);
  Result<std::vector<LogDirectory>> ClaimDirectories();
  OpenedPartition OpenLog(const PartitionToOpen& partition, const Result<StoreSet::Place>& place,
                          std::shared_ptr<RocksPartitionLog>& log) const;

  const EngineOptions options_;
  std::unique_ptr<DataDirectory> metadata_directory_;  // null: it is one of the data directories
  std::unique_ptr<RocksMetadataLog> metadata_log_;
  std::unique_ptr<PlacementTable> placements_;
  std::unique_ptr<LogEndRecord> log_ends_;
  std::unique_ptr<StoreSet> stores_;  // last: it uses the above
  std::unique_ptr<Housekeeper> housekeeper_;

  std::atomic<bool> snapshot_running_ = false;

  mutable Mutex mutex_;
  SnapshotStats snapshots_ GUARDED_BY(mutex_);
  std::uint64_t records_lost_ GUARDED_BY(mutex_) = 0;
  std::uint64_t partitions_with_losses_ GUARDED_BY(mutex_) = 0;
  std::map<format::PartitionRef, std::shared_ptr<RocksPartitionLog>> logs_ GUARDED_BY(mutex_);
  bool closed_ GUARDED_BY(mutex_) = false;

  std::unique_ptr<CleanerPool> cleaner_;  // null: log.cleaner.enable=false
};

}  // namespace gneiss::engine
