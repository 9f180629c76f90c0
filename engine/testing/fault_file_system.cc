// SPDX-License-Identifier: Apache-2.0
#include "engine/testing/fault_file_system.h"

#include <filesystem>
#include <fstream>
#include <iterator>
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

class FaultDirectory : public rocksdb::FSDirectoryWrapper {
 public:
  FaultDirectory(std::unique_ptr<rocksdb::FSDirectory>&& directory, std::string name,
                 FaultFileSystem* fs)
      : rocksdb::FSDirectoryWrapper(std::move(directory)), name_(std::move(name)), fs_(fs) {}

  rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                          rocksdb::IODebugContext* debug) override {
    return Synced(rocksdb::FSDirectoryWrapper::Fsync(options, debug));
  }
  rocksdb::IOStatus FsyncWithDirOptions(const rocksdb::IOOptions& options,
                                        rocksdb::IODebugContext* debug,
                                        const rocksdb::DirFsyncOptions& how) override {
    return Synced(rocksdb::FSDirectoryWrapper::FsyncWithDirOptions(options, debug, how));
  }

 private:
  rocksdb::IOStatus Synced(rocksdb::IOStatus status) {
    if (status.ok()) fs_->DirectorySynced(name_);
    return status;
  }

  const std::string name_;
  FaultFileSystem* const fs_;
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
  for (auto name = new_names_.rbegin(); name != new_names_.rend(); ++name) {
    if (name->replaced) {
      std::ofstream(name->name, std::ios::binary) << *name->replaced;
    } else {
      std::filesystem::remove(name->name);
    }
  }
  new_names_.clear();
  synced_.clear();
  power_cut_ = false;
}

void FaultFileSystem::DirectorySynced(const std::string& directory) {
  MutexLock lock(mutex_);
  if (power_cut_) return;
  const std::filesystem::path path = std::filesystem::path(directory + "/").parent_path();
  std::erase_if(new_names_, [&](const NewName& made) {
    return std::filesystem::path(made.name).parent_path() == path;
  });
}

rocksdb::IOStatus FaultFileSystem::NewDirectory(const std::string& name,
                                                const rocksdb::IOOptions& options,
                                                std::unique_ptr<rocksdb::FSDirectory>* directory,
                                                rocksdb::IODebugContext* debug) {
  rocksdb::IOStatus opened = target()->NewDirectory(name, options, directory, debug);
  if (opened.ok()) *directory = std::make_unique<FaultDirectory>(std::move(*directory), name, this);
  return opened;
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
    if (!std::filesystem::exists(name)) new_names_.push_back({.name = name, .replaced = {}});
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
    std::erase_if(new_names_, [&](const NewName& made) { return made.name == name; });
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
    std::erase_if(new_names_, [&](const NewName& made) { return made.name == from; });
    NewName renamed{.name = to, .replaced = {}};
    if (std::ifstream old(to, std::ios::binary); old) {
      renamed.replaced.emplace(std::istreambuf_iterator<char>(old),
                               std::istreambuf_iterator<char>());
    }
    new_names_.push_back(std::move(renamed));
  }
  return target()->RenameFile(from, to, options, debug);
}

}  // namespace gneiss::engine::testing
