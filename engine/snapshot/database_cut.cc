// SPDX-License-Identifier: Apache-2.0
#include "engine/snapshot/database_cut.h"

#include <glog/logging.h>

#include <limits>
#include <system_error>
#include <utility>

#include "engine/fault_point.h"
#include "engine/rocks_status.h"

namespace gneiss::engine {
namespace {

namespace fs = std::filesystem;

// RocksDB takes the OPTIONS file with the highest number; there is only this one.
constexpr char kOptionsFile[] = "OPTIONS-000001";

}  // namespace

Result<std::unique_ptr<DatabaseCut>> DatabaseCut::Prepare(rocksdb::DB& db,
                                                          const std::vector<FamilyKind>& kinds) {
  GNEISS_ASSIGN_OR_RETURN(std::string options_text, OptionsText(db.GetDBOptions(), kinds));
  GNEISS_RETURN_IF_ERROR(FromRocks(db.DisableFileDeletions(), "keep the files of " + db.GetName()));
  GNEISS_FAULT_POINT("snapshot.files_kept");
  return std::unique_ptr<DatabaseCut>(new DatabaseCut(db, std::move(options_text)));
}

DatabaseCut::~DatabaseCut() {
  const rocksdb::Status status = db_.EnableFileDeletions(/*force=*/false);
  LOG_IF(ERROR, !status.ok()) << "files are not deleted any more store=" << db_.GetName()
                              << " error=" << status.ToString();
}

Status DatabaseCut::Take() {
  rocksdb::LiveFilesStorageInfoOptions options;
  options.wal_size_for_flush = std::numeric_limits<std::uint64_t>::max();  // never flush
  return FromRocks(db_.GetLiveFilesStorageInfo(options, &files_), "list " + db_.GetName());
}

Status DatabaseCut::TransferTo(const fs::path& to, FileTransfer& transfer) const {
  std::error_code error;
  fs::create_directory(to, error);
  if (error) return Fail(Errc::kStorage, "create " + to.string() + ": " + error.message());
  GNEISS_FAULT_POINT("snapshot.database_begun");
  for (const rocksdb::LiveFileStorageInfo& file : files_) {
    GNEISS_RETURN_IF_ERROR(TransferFile(file, to / file.relative_filename, transfer));
  }
  GNEISS_RETURN_IF_ERROR(transfer.Write(to / kOptionsFile, options_text_));
  return transfer.SyncDirectory(to);
}

Status DatabaseCut::TransferFile(const rocksdb::LiveFileStorageInfo& file, const fs::path& to,
                                 FileTransfer& transfer) {
  const fs::path from = fs::path(file.directory) / file.relative_filename;
  if (!file.replacement_contents.empty()) return transfer.Write(to, file.replacement_contents);
  if (file.file_type == rocksdb::kOptionsFile) return {};  // ours is newer
  if (file.trim_to_size) return transfer.Copy(from, to, file.size);
  return file.file_type == rocksdb::kTableFile ? transfer.Link(from, to)
                                               : transfer.LinkAndSync(from, to);
}

}  // namespace gneiss::engine
