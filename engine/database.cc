// SPDX-License-Identifier: Apache-2.0
#include "engine/database.h"

#include <glog/logging.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "engine/rocks_logger.h"
#include "engine/rocks_status.h"

namespace gneiss::engine {
namespace {

// The names of the families on disk; none when there is no database yet.
Result<std::vector<std::string>> ListFamilies(const rocksdb::DBOptions& options,
                                              const std::filesystem::path& path) {
  std::vector<std::string> names;
  if (!options.env->FileExists(path / "CURRENT").ok()) return names;
  GNEISS_RETURN_IF_ERROR(FromRocks(rocksdb::DB::ListColumnFamilies(options, path, &names),
                                   "list the families of " + path.string()));
  return names;
}

// Fsyncs the WAL that an earlier process has left. If it was killed, its last writes may be with
// the kernel only, and RocksDB does not replay what lies behind a gap: without this a power cut
// could take what this process will have fsynced.
Status SyncLeftWal(rocksdb::FileSystem& file_system, const std::filesystem::path& path) {
  std::vector<std::string> children;
  GNEISS_RETURN_IF_ERROR(
      FromRocks(file_system.GetChildren(path, rocksdb::IOOptions(), &children, nullptr),
                "list " + path.string()));
  for (const std::string& child : children) {
    if (!child.ends_with(".log")) continue;
    std::unique_ptr<rocksdb::FSWritableFile> file;
    rocksdb::IOStatus synced =
        file_system.ReopenWritableFile(path / child, rocksdb::FileOptions(), &file, nullptr);
    if (synced.ok()) synced = file->Fsync(rocksdb::IOOptions(), nullptr);
    GNEISS_RETURN_IF_ERROR(FromRocks(synced, "sync " + (path / child).string()));
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<Database>> Database::Open(
    const std::filesystem::path& path, rocksdb::DBOptions options,
    const rocksdb::ColumnFamilyOptions& family_options,
    std::vector<rocksdb::ColumnFamilyDescriptor> special,
    const std::shared_ptr<rocksdb::FileSystem>& base) {
  std::shared_ptr<Database> database(new Database);
  database->file_system_ = std::make_shared<RocksFileSystem>(base);
  database->env_ = rocksdb::NewCompositeEnv(database->file_system_);
  options.env = database->env_.get();
  options.info_log = std::make_shared<RocksLogger>(path.filename().string());

  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return Fail(Errc::kStorage, "create " + path.string() + ": " + error.message());
  GNEISS_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListFamilies(options, path));
  for (const std::string& name : names) {
    const bool known = std::ranges::any_of(
        special, [&](const auto& descriptor) { return descriptor.name == name; });
    if (!known) special.emplace_back(name, family_options);
  }
  GNEISS_RETURN_IF_ERROR(SyncLeftWal(*base, path));
  rocksdb::DB* db = nullptr;
  GNEISS_RETURN_IF_ERROR(FromRocks(
      rocksdb::DB::Open(options, path, special, &database->opened_, &db), "open " + path.string()));
  database->db_.reset(db);
  return database;
}

Database::~Database() {
  if (db_ == nullptr) return;
  for (rocksdb::ColumnFamilyHandle* handle : opened_) {
    db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
  }
  if (const rocksdb::Status status = db_->Close(); !status.ok()) {
    LOG(ERROR) << "close of a database failed error=" << status.ToString();
  }
}

std::vector<std::shared_ptr<Family>> Database::TakeFamilies(
    const std::shared_ptr<Database>& database) {
  std::vector<std::shared_ptr<Family>> families;
  for (rocksdb::ColumnFamilyHandle* handle : std::exchange(database->opened_, {})) {
    families.push_back(std::make_shared<Family>(database, handle));
  }
  return families;
}

Family::~Family() {
  const rocksdb::Status status = db().DestroyColumnFamilyHandle(handle_);
  if (!status.ok()) LOG(ERROR) << "release of a family failed error=" << status.ToString();
}

}  // namespace gneiss::engine
