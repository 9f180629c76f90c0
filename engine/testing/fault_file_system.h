// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/file_system.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "protocol/base/mutex.h"

namespace gneiss::engine::testing {

// FaultFileSystem is a disk that fails on demand and that can lose power: whatever was not fsynced
// by then is gone, and so is the name of a file that was made or renamed since its directory was
// fsynced. It lies below RocksDB in place of the real file system. Threads: any.
class FaultFileSystem : public rocksdb::FileSystemWrapper {
 public:
  FaultFileSystem() : rocksdb::FileSystemWrapper(rocksdb::FileSystem::Default()) {}

  const char* Name() const override { return "FaultFileSystem"; }

  // From now on writes to, or fsyncs of, the WAL fail like this; OK ends it.
  void FailWalWrites(rocksdb::IOStatus status) EXCLUDES(mutex_);
  void FailWalSyncs(rocksdb::IOStatus status) EXCLUDES(mutex_);
  // Runs before each fsync of the WAL; may block.
  void BeforeWalSync(std::function<void()> hook) EXCLUDES(mutex_);

  // From now on nothing can be written, renamed or deleted.
  void CutPower() EXCLUDES(mutex_);
  // Cuts every file to what was fsynced before the power went, takes back names, and lets writes
  // work again.
  // REQUIRES: no database is open on it.
  void DropUnsynced() EXCLUDES(mutex_);

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* file,
                                       rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* directory,
                                 rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;

 private:
  friend class FaultFile;
  friend class FaultDirectory;

  // A name that its directory does not hold for good yet.
  struct NewName {
    std::string name;
    std::optional<std::string> replaced;  // what the file of that name held before
  };
  void DirectorySynced(const std::string& directory) EXCLUDES(mutex_);

  // What a file has to say before it writes, and after it was fsynced.
  rocksdb::IOStatus CheckWrite(const std::string& name) EXCLUDES(mutex_);
  rocksdb::IOStatus CheckSync(const std::string& name) EXCLUDES(mutex_);
  void Synced(const std::string& name, std::uint64_t size) EXCLUDES(mutex_);
  rocksdb::IOStatus Wrap(rocksdb::IOStatus opened, const std::string& name,
                         std::unique_ptr<rocksdb::FSWritableFile>* file) EXCLUDES(mutex_);

  Mutex mutex_;
  bool power_cut_ GUARDED_BY(mutex_) = false;
  rocksdb::IOStatus wal_write_ GUARDED_BY(mutex_);
  rocksdb::IOStatus wal_sync_ GUARDED_BY(mutex_);
  std::function<void()> before_wal_sync_ GUARDED_BY(mutex_);
  std::map<std::string, std::uint64_t> synced_ GUARDED_BY(mutex_);  // name -> bytes that are safe
  std::vector<NewName> new_names_ GUARDED_BY(mutex_);               // oldest first
};

}  // namespace gneiss::engine::testing
