// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/clone/pending_clones.h"
#include "engine/committer.h"
#include "engine/database.h"
#include "engine/engine_stats.h"
#include "engine/family_maker.h"
#include "engine/format.h"
#include "engine/rocks_options.h"
#include "engine/store_counters.h"
#include "protocol/base/clock.h"
#include "protocol/base/mutex.h"
#include "protocol/base/result.h"

namespace gneiss::engine {

struct StoreOptions {
  std::filesystem::path path;
  StoreBudget budget;
  // Remembers outside of the store that these partitions are in it, before they have a family.
  // Runs on the maker's thread; when it fails there will be no family.
  FamilyMaker::Announce on_create = nullptr;
  // A partition is gone from here, family and facts and all. Runs on one of the store's threads or
  // that of Erase.
  std::function<void(const format::PartitionRef&)> on_erased = nullptr;
  Clock* clock = &Clock::System();
  std::shared_ptr<DiskGuard> disk;  // that of the data directory; may be none
  std::shared_ptr<rocksdb::FileSystem> file_system;  // below ours; without: the machine's
};

// State that is kept in memory and ahead of the disk by what is queued. After a failed write it is
// read back.
class Recoverable {
 public:
  virtual ~Recoverable() = default;
  virtual void ReadBack() = 0;
};

// Store is one RocksDB instance: the families of some partitions, the state family with the facts
// about them, one committer and one maker of families. A partition stays in its store.
// Threads: any, except Open and Close.
class Store {
 public:
  static Result<std::shared_ptr<Store>> Open(StoreOptions options);

  // Writes what is queued, takes no more work, ends the threads; then, for a clean shutdown, Sync
  // fsyncs the WAL, or flushes it away when it is long, and writes the OPTIONS file; then Release
  // lets go of the database, which closes with the last iterator on it.
  // REQUIRES: Stop and Release come before the last reference goes, which may be that of a
  // completion on one of those threads; nothing is called after Release.
  void Stop();
  Status Sync();
  void Release() EXCLUDES(mutex_);

  const std::filesystem::path& path() const { return options_.path; }

  // Takes effect at once, without a pause for writers.
  void SetBudget(const StoreBudget& budget);
  rocksdb::DB& db() const { return database_->db(); }
  const Family& state() const { return *state_; }
  Committer& committer() { return *committer_; }

  // The partitions that have a family here.
  std::vector<format::PartitionRef> Partitions() const EXCLUDES(mutex_);

  // The partition's family, if it has one already.
  std::shared_ptr<Family> FindFamily(const format::PartitionRef& ref) const EXCLUDES(mutex_);

  // Those of all partitions that have one.
  std::vector<std::shared_ptr<Family>> PartitionFamilies() const EXCLUDES(mutex_);

  // Has one made; `made` runs on the maker's thread. The binding goes to disk with the first batch:
  // BindingFact tells which fact that is.
  void MakeFamily(const TopicPartition& tp, const Uuid& topic_id, FamilyMaker::Made made)
      EXCLUDES(mutex_);
  static format::StateFact BindingFact(const Family& family, const format::PartitionRef& ref);

  // Makes a family of files that were exported from another one of this store. Until clones().End
  // it is a clone in the making; its binding is the caller's to write. Blocks; not on one of the
  // store's threads.
  Result<std::shared_ptr<Family>> ImportFamily(const TopicPartition& tp, const Uuid& topic_id,
                                               const rocksdb::ExportImportFilesMetaData& files)
      EXCLUDES(mutex_);
  PendingClones& clones() { return clones_; }

  // Erases a partition: its family, when it has one, and all its facts, in the background.
  // REQUIRES: nothing more is enqueued for it.
  void Erase(const format::PartitionRef& ref) EXCLUDES(mutex_);

  // Lists the directory.
  StoreStats Stats() const EXCLUDES(mutex_);

  // `state` is read back after a full disk, as long as it lives.
  void Register(std::weak_ptr<Recoverable> state) EXCLUDES(mutex_);

 private:
  explicit Store(StoreOptions options) : options_(std::move(options)) {}

  rocksdb::ColumnFamilyOptions FamilyOptions() const;
  Status Adopt(std::vector<std::shared_ptr<Family>> families) EXCLUDES(mutex_);
  std::string TakeName(const TopicPartition& tp, const Uuid& topic_id) EXCLUDES(mutex_);
  Result<std::shared_ptr<Family>> CreateFrom(const rocksdb::ExportImportFilesMetaData& files,
                                             const std::string& name);
  Status BindFamilies(const std::map<std::string, std::shared_ptr<Family>>& by_name)
      REQUIRES(mutex_);
  void EraseFamily(const format::PartitionRef& ref, std::shared_ptr<Family> family)
      EXCLUDES(mutex_);
  void EraseWhenWritable(const format::PartitionRef& ref, std::shared_ptr<Family> family)
      EXCLUDES(mutex_);
  void ErasePostponed() EXCLUDES(mutex_);
  void DropFamily(const format::PartitionRef& ref, std::shared_ptr<Family> family);
  void EraseBinding(const std::string& family_name);
  void ReadBackAll() EXCLUDES(mutex_);
  void FlushWhenIdle() EXCLUDES(mutex_);
  Status Flush(const rocksdb::FlushOptions& options) EXCLUDES(mutex_);
  Status FlushForRestart();
  void WriteOptionsFile();

  const StoreOptions options_;
  const std::shared_ptr<StoreCounters> counters_ = std::make_shared<StoreCounters>();
  const std::shared_ptr<LogFilterFactory> filters_ = std::make_shared<LogFilterFactory>();
  std::shared_ptr<Database> database_;
  std::shared_ptr<Family> state_;
  PendingClones clones_;

  mutable Mutex mutex_;
  std::map<format::PartitionRef, std::shared_ptr<Family>> families_ GUARDED_BY(mutex_);
  std::set<std::string> names_ GUARDED_BY(mutex_);  // of all families there are or soon will be
  std::vector<std::weak_ptr<Recoverable>> recoverables_ GUARDED_BY(mutex_);
  // To be erased as soon as the store takes writes.
  std::vector<std::pair<format::PartitionRef, std::shared_ptr<Family>>> postponed_
      GUARDED_BY(mutex_);

  std::unique_ptr<FamilyMaker> maker_;
  std::unique_ptr<Committer> committer_;
};

}  // namespace gneiss::engine
