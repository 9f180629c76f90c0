// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/housekeeping/log_filter.h"
#include "engine/rocks_file_system.h"
#include "protocol/base/result.h"

namespace gneiss::engine {

class Family;

// Database is one open RocksDB with everything that has to outlive it, closed when its last user
// lets go: a store, or an iterator that a slow socket still holds. Threads: any.
class Database {
 public:
  // Opens or creates. Families on disk are opened with `family_options`, except those named in
  // `special`, which are created when missing. `base` is the file system below ours.
  static Result<std::shared_ptr<Database>> Open(
      const std::filesystem::path& path, rocksdb::DBOptions options,
      const rocksdb::ColumnFamilyOptions& family_options,
      std::vector<rocksdb::ColumnFamilyDescriptor> special,
      const std::shared_ptr<rocksdb::FileSystem>& base);

  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  rocksdb::DB& db() const { return *db_; }
  RocksFileSystem& file_system() const { return *file_system_; }

  // The families that Open found, each to be taken once.
  static std::vector<std::shared_ptr<Family>> TakeFamilies(
      const std::shared_ptr<Database>& database);

 private:
  Database() = default;

  std::shared_ptr<RocksFileSystem> file_system_;
  std::unique_ptr<rocksdb::Env> env_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> opened_;  // not taken yet
};

// Family is a column family of a database that it keeps open. RocksDB demands that all handles go
// before the database does. Threads: any.
class Family {
 public:
  Family(std::shared_ptr<Database> database, rocksdb::ColumnFamilyHandle* handle)
      : database_(std::move(database)), handle_(handle) {}
  ~Family();
  Family(const Family&) = delete;
  Family& operator=(const Family&) = delete;

  rocksdb::DB& db() const { return database_->db(); }
  rocksdb::ColumnFamilyHandle* handle() const { return handle_; }
  const std::string& name() const { return handle_->GetName(); }
  std::uint32_t id() const { return handle_->GetID(); }
  // What its compactions go by, once the store has made them known to its filter factory.
  const std::shared_ptr<FilterRules>& rules() const { return rules_; }

 private:
  friend class FamilyClaim;
  std::shared_ptr<Database> database_;
  rocksdb::ColumnFamilyHandle* handle_;
  const std::shared_ptr<FilterRules> rules_ = std::make_shared<FilterRules>();
  std::atomic<bool> claimed_ = false;
};

// FamilyClaim is the right to rewrite files of a family by CompactFiles: of two such jobs on the
// same files one would fail. RocksDB's own compactions claim nothing; CompactFiles answers Aborted
// or InvalidArgument when they have taken or moved a file: try again later.
// Threads: any; a claim belongs to one at a time.
class FamilyClaim {
 public:
  // Nothing while somebody else has it.
  static std::optional<FamilyClaim> Try(std::shared_ptr<Family> family) {
    if (family->claimed_.exchange(true, std::memory_order_acquire)) return std::nullopt;
    return FamilyClaim(std::move(family));
  }
  ~FamilyClaim() {
    if (family_ != nullptr) family_->claimed_.store(false, std::memory_order_release);
  }
  FamilyClaim(FamilyClaim&& other) noexcept : family_(std::move(other.family_)) {}
  FamilyClaim& operator=(FamilyClaim&&) = delete;

 private:
  explicit FamilyClaim(std::shared_ptr<Family> family) : family_(std::move(family)) {}

  std::shared_ptr<Family> family_;  // null: moved from
};

}  // namespace gneiss::engine
