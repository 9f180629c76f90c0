// SPDX-License-Identifier: Apache-2.0
#include "engine/rocks_file_system.h"

#include <string_view>
#include <utility>

namespace gneiss::engine {
namespace {

bool NameStartsWith(std::string_view path, std::string_view prefix) {
  const std::size_t slash = path.rfind('/');
  return (slash == path.npos ? path : path.substr(slash + 1)).starts_with(prefix);
}

// One of several users of a directory handle. The handle is closed when the last one goes: a
// family's Close must not close it for the others.
class SharedDirectory : public rocksdb::FSDirectoryWrapper {
 public:
  explicit SharedDirectory(std::shared_ptr<rocksdb::FSDirectory> shared)
      : rocksdb::FSDirectoryWrapper(shared.get()), shared_(std::move(shared)) {}

  rocksdb::IOStatus Close(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return rocksdb::IOStatus::OK();
  }

 private:
  std::shared_ptr<rocksdb::FSDirectory> shared_;
};

}  // namespace

// A MANIFEST, whose fsyncs may be put off. RocksDB hands every record to the kernel before it
// fsyncs, so one fsync later does for all.
class ManifestFile : public rocksdb::FSWritableFileWrapper {
 public:
  ManifestFile(std::shared_ptr<rocksdb::FSWritableFile> shared, const RocksFileSystem& owner)
      : rocksdb::FSWritableFileWrapper(shared.get()), shared_(std::move(shared)), owner_(owner) {}

  rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                         rocksdb::IODebugContext* debug) override {
    if (owner_.manifest_syncs_deferred_) return rocksdb::IOStatus::OK();
    return shared_->Sync(options, debug);
  }
  rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                          rocksdb::IODebugContext* debug) override {
    if (owner_.manifest_syncs_deferred_) return rocksdb::IOStatus::OK();
    return shared_->Fsync(options, debug);
  }

 private:
  const std::shared_ptr<rocksdb::FSWritableFile> shared_;
  const RocksFileSystem& owner_;
};

rocksdb::IOStatus RocksFileSystem::SyncManifest() {
  manifest_syncs_deferred_ = false;
  std::shared_ptr<rocksdb::FSWritableFile> manifest;
  {
    MutexLock lock(mutex_);
    manifest = manifest_.lock();
  }
  if (manifest == nullptr) return rocksdb::IOStatus::IOError("there is no MANIFEST to sync");
  return manifest->Sync(rocksdb::IOOptions(), nullptr);
}

rocksdb::IOStatus RocksFileSystem::NewWritableFile(const std::string& name,
                                                   const rocksdb::FileOptions& options,
                                                   std::unique_ptr<rocksdb::FSWritableFile>* file,
                                                   rocksdb::IODebugContext* debug) {
  if (!options_allowed_ && NameStartsWith(name, "OPTIONS-")) {
    return rocksdb::IOStatus::NotSupported("written at clean shutdown only");
  }
  rocksdb::IOStatus opened = target()->NewWritableFile(name, options, file, debug);
  if (!opened.ok() || !NameStartsWith(name, "MANIFEST-")) return opened;
  std::shared_ptr<rocksdb::FSWritableFile> manifest = std::move(*file);
  {
    MutexLock lock(mutex_);
    manifest_ = manifest;
  }
  *file = std::make_unique<ManifestFile>(std::move(manifest), *this);
  return opened;
}

rocksdb::IOStatus RocksFileSystem::NewDirectory(const std::string& name,
                                                const rocksdb::IOOptions& options,
                                                std::unique_ptr<rocksdb::FSDirectory>* directory,
                                                rocksdb::IODebugContext* debug) {
  MutexLock lock(mutex_);
  std::shared_ptr<rocksdb::FSDirectory> shared = directories_[name].lock();
  if (shared == nullptr) {
    std::unique_ptr<rocksdb::FSDirectory> opened;
    rocksdb::IOStatus status = target()->NewDirectory(name, options, &opened, debug);
    if (!status.ok()) return status;
    shared = std::move(opened);
    directories_[name] = shared;
  }
  *directory = std::make_unique<SharedDirectory>(std::move(shared));
  return rocksdb::IOStatus::OK();
}

}  // namespace gneiss::engine
