// SPDX-License-Identifier: Apache-2.0
#include "engine/testing/quota_file_system.h"

#include <algorithm>
#include <limits>
#include <system_error>
#include <utility>

namespace gneiss::engine::testing {

class QuotaFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  QuotaFile(std::unique_ptr<rocksdb::FSWritableFile>&& file, QuotaFileSystem* fs)
      : rocksdb::FSWritableFileOwnerWrapper(std::move(file)), fs_(fs) {}

  using rocksdb::FSWritableFileOwnerWrapper::Append;
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) override {
    const std::size_t fits = std::min<std::uint64_t>(data.size(), fs_->FreeBytes());
    rocksdb::IOStatus status = target()->Append(rocksdb::Slice(data.data(), fits), options, debug);
    if (!status.ok() || fits == data.size()) return status;
    return rocksdb::IOStatus::NoSpace("the quota is used up");
  }

 private:
  QuotaFileSystem* const fs_;
};

void QuotaFileSystem::Limit(const std::filesystem::path& root, std::uint64_t bytes) {
  root_ = root;
  limit_ = bytes;
  limited_ = true;
}

std::uint64_t QuotaFileSystem::UsedBytes() const {
  std::uint64_t used = 0;
  std::error_code error;
  std::filesystem::recursive_directory_iterator at(root_, error), end;
  while (!error && at != end) {
    std::error_code gone;  // files come and go meanwhile
    if (at->is_regular_file(gone)) {
      const std::uintmax_t size = at->file_size(gone);
      if (!gone) used += size;
    }
    at.increment(error);
  }
  return used;
}

std::uint64_t QuotaFileSystem::FreeBytes() const {
  if (!limited_) return std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t used = UsedBytes();
  return used >= limit_ ? 0 : limit_ - used;
}

rocksdb::IOStatus QuotaFileSystem::NewWritableFile(const std::string& name,
                                                   const rocksdb::FileOptions& options,
                                                   std::unique_ptr<rocksdb::FSWritableFile>* file,
                                                   rocksdb::IODebugContext* debug) {
  rocksdb::IOStatus status = target()->NewWritableFile(name, options, file, debug);
  if (status.ok()) *file = std::make_unique<QuotaFile>(std::move(*file), this);
  return status;
}

rocksdb::IOStatus QuotaFileSystem::GetFreeSpace(const std::string& path,
                                                const rocksdb::IOOptions& options,
                                                std::uint64_t* free_bytes,
                                                rocksdb::IODebugContext* debug) {
  if (!limited_) return target()->GetFreeSpace(path, options, free_bytes, debug);
  *free_bytes = FreeBytes();
  return rocksdb::IOStatus::OK();
}

}  // namespace gneiss::engine::testing
