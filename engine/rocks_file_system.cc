// SPDX-License-Identifier: Apache-2.0
#include "engine/rocks_file_system.h"

#include <string_view>
#include <utility>

namespace gneiss::engine {
namespace {

bool IsOptionsFile(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  const std::string_view name = slash == path.npos ? path : path.substr(slash + 1);
  return name.starts_with("OPTIONS-");
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

rocksdb::IOStatus RocksFileSystem::NewWritableFile(const std::string& name,
                                                   const rocksdb::FileOptions& options,
                                                   std::unique_ptr<rocksdb::FSWritableFile>* file,
                                                   rocksdb::IODebugContext* debug) {
  if (!options_allowed_ && IsOptionsFile(name)) {
    return rocksdb::IOStatus::NotSupported("written at clean shutdown only");
  }
  return target()->NewWritableFile(name, options, file, debug);
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
