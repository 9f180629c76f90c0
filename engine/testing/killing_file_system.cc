// SPDX-License-Identifier: Apache-2.0
#include "engine/testing/killing_file_system.h"

#include <string_view>
#include <utility>

#include "engine/testing/fault_points.h"

namespace gneiss::engine::testing {
namespace {

std::string KindOf(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  if (name.ends_with(".log")) return "wal";
  if (name.ends_with(".sst")) return "sst";
  if (name.starts_with("MANIFEST")) return "manifest";
  if (name == "CURRENT") return "current";
  return "other";
}

void PassDisk(const std::string& kind, std::string_view doing) {
  PassPoint("disk." + kind + "." + std::string(doing));
}

}  // namespace

class KillingFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  KillingFile(std::unique_ptr<rocksdb::FSWritableFile>&& file, std::string kind,
              KillingFileSystem* fs)
      : rocksdb::FSWritableFileOwnerWrapper(std::move(file)), kind_(std::move(kind)), fs_(fs) {}

  using rocksdb::FSWritableFileOwnerWrapper::Append;
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) override {
    if (fs_->full_ && kind_ == "wal") return rocksdb::IOStatus::NoSpace("played");
    PassDisk(kind_, "append");
    const std::size_t half = data.size() / 2;
    rocksdb::IOStatus status = target()->Append(rocksdb::Slice(data.data(), half), options, debug);
    if (!status.ok()) return status;
    PassDisk(kind_, "torn");
    return target()->Append(rocksdb::Slice(data.data() + half, data.size() - half), options, debug);
  }

  // Not passed on: what the kernel has outlives a kill, and a busy disk would take its time.
  rocksdb::IOStatus Sync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    PassDisk(kind_, "sync");
    return rocksdb::IOStatus::OK();
  }
  rocksdb::IOStatus Fsync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    PassDisk(kind_, "sync");
    return rocksdb::IOStatus::OK();
  }

 private:
  const std::string kind_;
  KillingFileSystem* const fs_;
};

rocksdb::IOStatus KillingFileSystem::NewWritableFile(const std::string& name,
                                                     const rocksdb::FileOptions& options,
                                                     std::unique_ptr<rocksdb::FSWritableFile>* file,
                                                     rocksdb::IODebugContext* debug) {
  std::string kind = KindOf(name);
  PassDisk(kind, "create");
  rocksdb::IOStatus status = target()->NewWritableFile(name, options, file, debug);
  if (status.ok()) *file = std::make_unique<KillingFile>(std::move(*file), std::move(kind), this);
  return status;
}

rocksdb::IOStatus KillingFileSystem::DeleteFile(const std::string& name,
                                                const rocksdb::IOOptions& options,
                                                rocksdb::IODebugContext* debug) {
  PassDisk(KindOf(name), "delete");
  return target()->DeleteFile(name, options, debug);
}

rocksdb::IOStatus KillingFileSystem::RenameFile(const std::string& from, const std::string& to,
                                                const rocksdb::IOOptions& options,
                                                rocksdb::IODebugContext* debug) {
  PassDisk(KindOf(to), "rename");
  rocksdb::IOStatus status = target()->RenameFile(from, to, options, debug);
  PassDisk(KindOf(to), "renamed");
  return status;
}

rocksdb::IOStatus KillingFileSystem::LinkFile(const std::string& from, const std::string& to,
                                              const rocksdb::IOOptions& options,
                                              rocksdb::IODebugContext* debug) {
  PassDisk(KindOf(to), "link");
  rocksdb::IOStatus status = target()->LinkFile(from, to, options, debug);
  PassDisk(KindOf(to), "linked");
  return status;
}

}  // namespace gneiss::engine::testing
