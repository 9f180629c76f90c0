// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>

#include "engine/database.h"
#include "engine/format.h"
#include "engine/full_disk.h"
#include "engine/metadata_log.h"
#include "protocol/base/mutex.h"

namespace gneiss::engine {

// RocksMetadataLog is the MetadataLog in a RocksDB of its own: in the order of its keys, which is
// that of the offsets (engine/format.h). Threads: as MetadataLog.
class RocksMetadataLog final : public MetadataLog {
 public:
  // `base` as in Database::Open.
  static Result<std::unique_ptr<RocksMetadataLog>> Open(
      const std::filesystem::path& path, const std::shared_ptr<rocksdb::FileSystem>& base);

  Offset log_end() const override { return log_end_.load(); }
  Offset snapshot_end() const override { return snapshot_end_.load(); }
  Result<Offset> Append(std::span<const std::string> records) override;
  Status WriteSnapshot(Offset end, const SnapshotSource& source) override;
  Status Replay(const RecordVisitor& record) override;
  Result<std::string> GetProperty(const std::string& name) override;
  Status SetProperty(const std::string& name, const std::string& value) override;

  // Writes what lies beside the log in the same database (engine/placement_table.h), fsynced unless
  // told otherwise. `doing` is for errors. Blocks.
  Status Write(rocksdb::WriteBatch& batch, const char* doing, bool sync = true)
      EXCLUDES(write_mutex_);
  // Nothing is written while somebody holds it: for a snapshot.
  Mutex& write_mutex() RETURN_CAPABILITY(write_mutex_) { return write_mutex_; }
  rocksdb::DB& db() const { return database_->db(); }

 private:
  explicit RocksMetadataLog(std::shared_ptr<Database> database)
      : database_(std::move(database)),
        recovery_(database_->db(), database_->db().DefaultColumnFamily()) {}

  Status FindEnd();
  Result<format::MetadataSnapshot> ReadSnapshot() const;
  Status ReplaySnapshot(const format::MetadataSnapshot& snapshot, const RecordVisitor& record);
  Status DropStaged(Offset present_end);
  Result<std::int64_t> Stage(Offset end, const SnapshotSource& source);
  Status SwitchTo(const format::MetadataSnapshot& snapshot, Offset before);
  void GiveBackSpace();

  std::shared_ptr<Database> database_;
  std::atomic<Offset> log_end_{};
  std::atomic<Offset> snapshot_end_{};
  Mutex write_mutex_;
  FullDiskRecovery recovery_ GUARDED_BY(write_mutex_);
  // After a failed fsync nobody knows what is on disk.
  bool failed_ GUARDED_BY(write_mutex_) = false;
  bool full_ GUARDED_BY(write_mutex_) = false;  // the disk was, at the last write
};

}  // namespace gneiss::engine
