// SPDX-License-Identifier: Apache-2.0
#include "engine/snapshot/staged_directory.h"

#include <glog/logging.h>

#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "engine/fault_point.h"
#include "engine/format.h"

namespace gneiss::engine {
namespace {

namespace fs = std::filesystem;

constexpr char kStagingSuffix[] = ".partial";

Status CheckTarget(const fs::path& target) {
  if (!target.is_absolute() || !target.has_filename()) {
    return Fail(Errc::kInvalidArgument,
                "A snapshot needs an absolute path, not \"" + target.string() + "\".");
  }
  if (target.native().contains('\0')) {
    return Fail(Errc::kInvalidArgument, "The name of a snapshot cannot hold a zero byte.");
  }
  if (target.extension() == kStagingSuffix) {
    return Fail(Errc::kInvalidArgument,
                target.string() + " is what an unfinished snapshot would be called.");
  }
  std::error_code error;
  if (!fs::is_directory(target.parent_path(), error)) {
    return Fail(Errc::kInvalidArgument,
                "The directory " + target.parent_path().string() + " does not exist.");
  }
  const fs::file_status status = fs::symlink_status(target, error);
  if (status.type() == fs::file_type::not_found) return {};
  if (status.type() == fs::file_type::directory && fs::is_empty(target, error)) return {};
  return Fail(Errc::kAlreadyExists, target.string() + " exists already.");
}

// The SNAPSHOT file goes last: without it the next attempt would take the rest for somebody else's.
std::error_code RemoveStaged(const fs::path& staging) {
  std::error_code error;
  std::vector<fs::path> filling;
  for (fs::directory_iterator it(staging, error), end; !error && it != end; it.increment(error)) {
    if (it->path().filename() != format::kSnapshotFile) filling.push_back(it->path());
  }
  for (auto path = filling.begin(); path != filling.end() && !error; ++path) {
    fs::remove_all(*path, error);
    GNEISS_FAULT_POINT("snapshot.leftover_partly_removed");
  }
  if (!error) fs::remove_all(staging, error);
  return error;
}

// SNAPSHOT is the first file that is put into a staged directory; so a directory with something in
// it but this is not ours.
Status RemoveLeftover(const fs::path& staging) {
  std::error_code error;
  const fs::file_status status = fs::symlink_status(staging, error);
  if (status.type() == fs::file_type::not_found) return {};
  const bool ours =
      status.type() == fs::file_type::directory &&
      (fs::is_empty(staging, error) || fs::exists(staging / format::kSnapshotFile, error));
  if (!ours) {
    return Fail(Errc::kAlreadyExists,
                staging.string() + " is in the way and was not left by a snapshot.");
  }
  LOG(WARNING) << "removing what an interrupted snapshot left path=" << staging.string();
  error = RemoveStaged(staging);
  if (error) return Fail(Errc::kStorage, "remove " + staging.string() + ": " + error.message());
  return {};
}

constexpr char kSnapshotText[] =
    "A snapshot of one Gneiss broker: its data, offsets, transactions and metadata at one moment.\n"
    "Start a broker on it with --data_dir, or on a throw-away copy with --from.\n";

}  // namespace

Result<std::unique_ptr<StagedDirectory>> StagedDirectory::Create(const fs::path& target,
                                                                 FileTransfer& transfer) {
  GNEISS_RETURN_IF_ERROR(CheckTarget(target));
  fs::path staging = target;
  staging += kStagingSuffix;
  GNEISS_RETURN_IF_ERROR(RemoveLeftover(staging));
  std::error_code error;
  fs::create_directory(staging, error);
  if (error) return Fail(Errc::kStorage, "create " + staging.string() + ": " + error.message());
  GNEISS_FAULT_POINT("snapshot.staged");
  std::unique_ptr<StagedDirectory> staged(
      new StagedDirectory(target, std::move(staging), transfer));
  GNEISS_RETURN_IF_ERROR(transfer.Write(staged->path() / format::kSnapshotFile, kSnapshotText));
  return staged;
}

StagedDirectory::~StagedDirectory() {
  if (finished_) return;
  const std::error_code error = RemoveStaged(staging_);
  LOG_IF(ERROR, error) << "cannot remove path=" << staging_.string()
                       << " error=" << error.message();
}

Status StagedDirectory::Finish() {
  GNEISS_RETURN_IF_ERROR(transfer_.SyncDirectory(staging_));
  GNEISS_FAULT_POINT("snapshot.before_rename");
  std::error_code error;
  fs::rename(staging_, target_, error);
  if (error) {
    return Fail(Errc::kStorage, "rename to " + target_.string() + ": " + error.message());
  }
  finished_ = true;
  GNEISS_FAULT_POINT("snapshot.renamed");
  return transfer_.SyncDirectory(target_.parent_path());
}

}  // namespace gneiss::engine
