// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/file_system.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace gneiss::engine::testing {

// QuotaFileSystem is a volume of a size that the test decides: what lies below `root` counts, by
// the sizes of the files, whoever has written them. A write that does not fit is cut where the disk
// ends and fails with NoSpace, as a real one is. Threads: any.
class QuotaFileSystem : public rocksdb::FileSystemWrapper {
 public:
  QuotaFileSystem() : rocksdb::FileSystemWrapper(rocksdb::FileSystem::Default()) {}

  const char* Name() const override { return "QuotaFileSystem"; }

  // From now on. REQUIRES: the directory exists.
  void Limit(const std::filesystem::path& root, std::uint64_t bytes);
  void SetLimit(std::uint64_t bytes) { limit_ = bytes; }
  std::uint64_t UsedBytes() const;

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetFreeSpace(const std::string& path, const rocksdb::IOOptions& options,
                                 std::uint64_t* free_bytes,
                                 rocksdb::IODebugContext* debug) override;

 private:
  friend class QuotaFile;

  std::uint64_t FreeBytes() const;

  std::filesystem::path root_;
  std::atomic<bool> limited_ = false;
  std::atomic<std::uint64_t> limit_ = 0;
};

}  // namespace gneiss::engine::testing
