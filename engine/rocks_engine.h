// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/file_system.h>

#include <atomic>
#include <map>
#include <memory>
#include <vector>

#include "engine/data_directory.h"
#include "engine/engine.h"
#include "engine/rocks_metadata_log.h"
#include "engine/rocks_partition_log.h"
#include "engine/store.h"
#include "protocol/base/mutex.h"

namespace gneiss::engine {

// RocksEngine is the Engine: one store per data directory for now, and the metadata log.
// Threads: as Engine.
class RocksEngine final : public Engine {
 public:
  // `file_system` lies below RocksDB; tests put one there that fails or forgets.
  static Result<std::unique_ptr<RocksEngine>> Open(
      EngineOptions options, std::shared_ptr<rocksdb::FileSystem> file_system);

  ~RocksEngine() override;  // without Close: as a crash leaves it, but what is queued is written

  Status Close() override EXCLUDES(mutex_);
  MetadataLog& metadata_log() override { return *metadata_log_; }
  Result<std::shared_ptr<PartitionLog>> OpenPartition(const TopicPartition& tp,
                                                      const Uuid& topic_id,
                                                      const LogConfig& config) override
      EXCLUDES(mutex_);
  void DropPartition(const TopicPartition& tp, const Uuid& topic_id) override EXCLUDES(mutex_);
  void DropRemoved(const std::function<bool(const Uuid&)>& is_removed) override EXCLUDES(mutex_);
  std::vector<LogDirUsage> LogDirs() const override;
  EngineStats Stats(std::size_t partitions_max) const override EXCLUDES(mutex_);
  Result<SnapshotReport> Snapshot(const std::filesystem::path& to) override;

  const std::vector<std::shared_ptr<Store>>& stores() const { return stores_; }

 private:
  explicit RocksEngine(EngineOptions options) : options_(std::move(options)) {}

  enum class Shutdown { kClean, kAbrupt };

  Status CloseStores(Shutdown how) EXCLUDES(mutex_);
  Status ClaimDirectories();
  Status OpenStores(const std::shared_ptr<rocksdb::FileSystem>& file_system);
  std::size_t PlaceOf(const format::PartitionRef& ref) const REQUIRES(mutex_);

  const EngineOptions options_;
  std::vector<std::unique_ptr<DataDirectory>> directories_;
  std::unique_ptr<RocksMetadataLog> metadata_log_;
  std::vector<std::shared_ptr<Store>> stores_;  // one per data directory, in their order

  std::atomic<bool> snapshot_running_ = false;

  mutable Mutex mutex_;
  std::map<format::PartitionRef, std::shared_ptr<RocksPartitionLog>> logs_ GUARDED_BY(mutex_);
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace gneiss::engine
