// SPDX-License-Identifier: Apache-2.0
#include "engine/testing/fault_file_system.h"

#include <filesystem>
#include <string_view>
#include <utility>

namespace gneiss::engine::testing {
namespace {

rocksdb::IOStatus NoPower() { return rocksdb::IOStatus::IOError("the power is cut"); }

bool IsWal(std::string_view name) { return name.ends_with(".log"); }

}  // namespace

class FaultFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FaultFile(std::unique_ptr<rocksdb::FSWritableFile>&& file, std::string name, std::uint64_t size,
            FaultFileSystem* fs)
      : rocksdb::FSWritableFileOwnerWrapper(std::move(file)),
        name_(std::move(name)),
        fs_(fs),
        size_(size) {}

  using rocksdb::FSWritableFileOwnerWrapper::Append;
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) override {
    rocksdb::IOStatus allowed = fs_->CheckWrite(name_);
    if (!allowed.ok()) return allowed;
    rocksdb::IOStatus status = target()->Append(data, options, debug);
    if (status.ok()) size_ += data.size();
    return status;
  }

  rocksdb::IOStatus Truncate(std::uint64_t size, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override {
    rocksdb::IOStatus status = target()->Truncate(size, options, debug);
    if (status.ok()) size_ = size;
    return status;
  }

  rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                         rocksdb::IODebugContext* debug) override {
    return SyncWith([&] { return target()->Sync(options, debug); });
  }

  rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                          rocksdb::IODebugContext* debug) override {
    return SyncWith([&] { return target()->Fsync(options, debug); });
  }

 private:
  // The size counts from before the fsync: what is appended meanwhile is not covered.
  template <class Sync>
  rocksdb::IOStatus SyncWith(Sync sync) {
    rocksdb::IOStatus allowed = fs_->CheckSync(name_);
    if (!allowed.ok()) return allowed;
    const std::uint64_t size = size_;
    rocksdb::IOStatus status = sync();
    if (status.ok()) fs_->Synced(name_, size);
    return status;
  }

  const std::string name_;
  FaultFileSystem* const fs_;
  std::atomic<std::uint64_t> size_;
};

void FaultFileSystem::FailWalWrites(rocksdb::IOStatus status) {
  MutexLock lock(mutex_);
  wal_write_ = std::move(status);
}

void FaultFileSystem::FailWalSyncs(rocksdb::IOStatus status) {
  MutexLock lock(mutex_);
  wal_sync_ = std::move(status);
}

void FaultFileSystem::BeforeWalSync(std::function<void()> hook) {
  MutexLock lock(mutex_);
  before_wal_sync_ = std::move(hook);
}

void FaultFileSystem::CutPower() {
  MutexLock lock(mutex_);
  power_cut_ = true;
}

void FaultFileSystem::DropUnsynced() {
  MutexLock lock(mutex_);
  for (const auto& [name, size] : synced_) {
    if (std::filesystem::exists(name) && std::filesystem::file_size(name) > size) {
      std::filesystem::resize_file(name, size);
    }
  }
  synced_.clear();
  power_cut_ = false;
}

rocksdb::IOStatus FaultFileSystem::CheckWrite(const std::string& name) {
  MutexLock lock(mutex_);
  if (power_cut_) return NoPower();
  return IsWal(name) ? wal_write_ : rocksdb::IOStatus::OK();
}

rocksdb::IOStatus FaultFileSystem::CheckSync(const std::string& name) {
  std::function<void()> hook;
  {
    MutexLock lock(mutex_);
    if (power_cut_) return NoPower();
    if (!IsWal(name)) return rocksdb::IOStatus::OK();
    if (!wal_sync_.ok()) return wal_sync_;
    hook = before_wal_sync_;
  }
  if (hook) hook();
  return rocksdb::IOStatus::OK();
}

void FaultFileSystem::Synced(const std::string& name, std::uint64_t size) {
  MutexLock lock(mutex_);
  if (!power_cut_) synced_[name] = size;
}

rocksdb::IOStatus FaultFileSystem::Wrap(rocksdb::IOStatus opened, const std::string& name,
                                        std::unique_ptr<rocksdb::FSWritableFile>* file) {
  if (!opened.ok()) return opened;
  const std::uint64_t size = std::filesystem::file_size(name);
  *file = std::make_unique<FaultFile>(std::move(*file), name, size, this);
  MutexLock lock(mutex_);
  synced_.try_emplace(name, size);
  return opened;
}

rocksdb::IOStatus FaultFileSystem::NewWritableFile(const std::string& name,
                                                   const rocksdb::FileOptions& options,
                                                   std::unique_ptr<rocksdb::FSWritableFile>* file,
                                                   rocksdb::IODebugContext* debug) {
  rocksdb::IOStatus allowed = CheckWrite("");
  if (!allowed.ok()) return allowed;
  {
    MutexLock lock(mutex_);
    synced_.erase(name);  // it is emptied
  }
  return Wrap(target()->NewWritableFile(name, options, file, debug), name, file);
}

// What was there before this file system counts as safe.
rocksdb::IOStatus FaultFileSystem::ReopenWritableFile(
    const std::string& name, const rocksdb::FileOptions& options,
    std::unique_ptr<rocksdb::FSWritableFile>* file, rocksdb::IODebugContext* debug) {
  rocksdb::IOStatus allowed = CheckWrite("");
  if (!allowed.ok()) return allowed;
  return Wrap(target()->ReopenWritableFile(name, options, file, debug), name, file);
}

rocksdb::IOStatus FaultFileSystem::DeleteFile(const std::string& name,
                                              const rocksdb::IOOptions& options,
                                              rocksdb::IODebugContext* debug) {
  {
    MutexLock lock(mutex_);
    if (power_cut_) return NoPower();
    synced_.erase(name);
  }
  return target()->DeleteFile(name, options, debug);
}

rocksdb::IOStatus FaultFileSystem::RenameFile(const std::string& from, const std::string& to,
                                              const rocksdb::IOOptions& options,
                                              rocksdb::IODebugContext* debug) {
  {
    MutexLock lock(mutex_);
    if (power_cut_) return NoPower();
    const auto known = synced_.find(from);
    if (known != synced_.end()) {
      synced_[to] = known->second;
      synced_.erase(from);
    }
  }
  return target()->RenameFile(from, to, options, debug);
}

}  // namespace gneiss::engine::testing
