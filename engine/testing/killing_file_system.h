// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/file_system.h>

#include <atomic>
#include <memory>
#include <string>

namespace gneiss::engine::testing {

// KillingFileSystem lies below RocksDB and makes a fault point (fault_points.h) of everything that
// RocksDB does to the disk: disk.KIND.DOING, where KIND is wal, sst, manifest, current or other,
// and DOING is create, append, torn (half of it is written), sync, rename, renamed, link, linked
// or delete. So a process dies inside of flushes, compactions and changes of families, which our
// own code only starts. It can also play a full disk. Threads: any.
class KillingFileSystem : public rocksdb::FileSystemWrapper {
 public:
  KillingFileSystem() : rocksdb::FileSystemWrapper(rocksdb::FileSystem::Default()) {}

  const char* Name() const override { return "KillingFileSystem"; }

  // From now on writes to the WAL find the disk full.
  void SetFull(bool full) { full_ = full; }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus LinkFile(const std::string& from, const std::string& to,
                             const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override;

 private:
  friend class KillingFile;

  std::atomic<bool> full_ = false;
};

}  // namespace gneiss::engine::testing
