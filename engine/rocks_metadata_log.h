// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>

#include "engine/database.h"
#include "engine/metadata_log.h"

namespace gneiss::engine {

// RocksMetadataLog is the MetadataLog in a RocksDB of its own: in the order of its keys, which is
// that of the offsets (engine/format.h). Threads: as MetadataLog.
class RocksMetadataLog final : public MetadataLog {
 public:
  // `base` as in Database::Open.
  static Result<std::unique_ptr<RocksMetadataLog>> Open(
      const std::filesystem::path& path, const std::shared_ptr<rocksdb::FileSystem>& base);

  Offset log_end() const override { return log_end_.load(); }
  Result<Offset> Append(std::span<const std::string> records) override;
  Status Replay(const std::function<Status(Offset, std::span<const std::byte>)>& record) override;
  Result<std::string> GetProperty(const std::string& name) override;
  Status SetProperty(const std::string& name, const std::string& value) override;

 private:
  explicit RocksMetadataLog(std::shared_ptr<Database> database) : database_(std::move(database)) {}

  Status FindEnd();
  Status Write(rocksdb::WriteBatch& batch, const char* doing);

  std::shared_ptr<Database> database_;
  std::atomic<Offset> log_end_{};
  std::atomic<bool> failed_ = false;  // after a failed fsync nobody knows what is on disk
};

}  // namespace gneiss::engine
