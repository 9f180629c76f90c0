// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/file_system.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "protocol/base/mutex.h"

namespace gneiss::engine {

// RocksFileSystem is what a store's RocksDB sees of the disk. Two habits of RocksDB do not go with
// thousands of column families, and one not with a full disk:
// - It rewrites and reads back the OPTIONS file, 4 KB per family, whenever a family comes or goes,
//   while all writers wait (3.9 s with 10 000 families). Those files are refused, which RocksDB
//   takes with a warning, except while AllowOptionsFiles is on (clean shutdown).
// - It opens the database's directory once per family. All of them share one handle here.
// - It fsyncs the MANIFEST for each family that it creates, also of many in one call. Between
//   DeferManifestSyncs and SyncManifest those fsyncs wait for the one of SyncManifest.
// - After a full disk it tries by itself to go on, every 5 s and not before a whole write buffer is
//   free, and meanwhile refuses to when asked. Where the free space is not known it leaves that to
//   us (Committer, DiskGuard).
// Threads: any.
class RocksFileSystem : public rocksdb::FileSystemWrapper {
 public:
  explicit RocksFileSystem(const std::shared_ptr<rocksdb::FileSystem>& base)
      : rocksdb::FileSystemWrapper(base) {}

  const char* Name() const override { return "GneissFileSystem"; }

  void AllowOptionsFiles(bool allow) { options_allowed_ = allow; }

  // REQUIRES: file deletions are disabled until after SyncManifest (what the MANIFEST no longer names
  // may be needed after a power cut), and nothing relies on a new family before.
  void DeferManifestSyncs() { manifest_syncs_deferred_ = true; }
  rocksdb::IOStatus SyncManifest() EXCLUDES(mutex_);

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* directory,
                                 rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetFreeSpace(const std::string&, const rocksdb::IOOptions&, std::uint64_t*,
                                 rocksdb::IODebugContext*) override {
    return rocksdb::IOStatus::NotSupported();
  }

 private:
  friend class ManifestFile;

  std::atomic<bool> options_allowed_ = false;
  std::atomic<bool> manifest_syncs_deferred_ = false;
  Mutex mutex_;
  std::map<std::string, std::weak_ptr<rocksdb::FSDirectory>> directories_ GUARDED_BY(mutex_);
  std::weak_ptr<rocksdb::FSWritableFile> manifest_ GUARDED_BY(mutex_);  // the newest
};

}  // namespace gneiss::engine
