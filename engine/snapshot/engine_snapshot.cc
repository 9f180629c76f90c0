// SPDX-License-Identifier: Apache-2.0
#include "engine/snapshot/engine_snapshot.h"

#include <glog/logging.h>

#include <chrono>
#include <system_error>
#include <utility>

#include "engine/fault_point.h"
#include "engine/format.h"
#include "engine/snapshot/database_cut.h"
#include "engine/snapshot/staged_directory.h"

namespace gneiss::engine {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;
using Stores = std::vector<std::shared_ptr<Store>>;

std::chrono::microseconds Since(steady_clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - start);
}

std::vector<FamilyKind> KindsOf(const Store& store) {
  rocksdb::DB& db = store.db();
  std::vector<FamilyKind> kinds;
  kinds.push_back({db.GetOptions(db.DefaultColumnFamily()), {rocksdb::kDefaultColumnFamilyName}});
  kinds.push_back({db.GetOptions(store.state().handle()), {store.state().name()}});
  const std::vector<std::shared_ptr<Family>> families = store.PartitionFamilies();
  if (families.empty()) return kinds;
  kinds.push_back({db.GetOptions(families.front()->handle()), {}});
  for (const auto& family : families) kinds.back().names.push_back(family->name());
  return kinds;
}

// Nobody writes as long as it lives.
class WritersParked {
 public:
  explicit WritersParked(const Stores& stores) : stores_(stores) {
    for (const auto& store : stores_) store->committer().Park();
  }
  ~WritersParked() {
    for (const auto& store : stores_) store->committer().Unpark();
  }
  WritersParked(const WritersParked&) = delete;
  WritersParked& operator=(const WritersParked&) = delete;

 private:
  const Stores& stores_;
};

class EngineCut {
 public:
  explicit EngineCut(const SnapshotSources& sources) : sources_(sources) {}

  Status Prepare() {
    GNEISS_ASSIGN_OR_RETURN(stores_, sources_.stores());
    rocksdb::DB& metadata = sources_.metadata.db();
    GNEISS_ASSIGN_OR_RETURN(
        metadata_,
        DatabaseCut::Prepare(metadata, {{metadata.GetOptions(metadata.DefaultColumnFamily()),
                                         {rocksdb::kDefaultColumnFamilyName}}}));
    cuts_.clear();
    for (const auto& store : stores_) {
      GNEISS_RETURN_IF_ERROR(store->committer().health());
      GNEISS_ASSIGN_OR_RETURN(cuts_.emplace_back(),
                              DatabaseCut::Prepare(store->db(), KindsOf(*store)));
    }
    return {};
  }

  // False: a store was opened meanwhile, which Prepare did not see.
  Result<bool> Take(std::chrono::microseconds& pause) {
    MutexLock no_metadata(sources_.metadata.write_mutex());
    const auto start = steady_clock::now();
    const WritersParked parked(stores_);
    GNEISS_ASSIGN_OR_RETURN(const Stores now, sources_.stores());
    if (now != stores_) return false;
    GNEISS_RETURN_IF_ERROR(metadata_->Take());
    for (const auto& cut : cuts_) GNEISS_RETURN_IF_ERROR(cut->Take());
    pause = Since(start);
    GNEISS_FAULT_POINT("snapshot.noted");
    return true;
  }

  Status TransferTo(const fs::path& to, FileTransfer& transfer) const {
    for (std::size_t dir = 0; dir < sources_.data_dirs.size(); ++dir) {
      GNEISS_RETURN_IF_ERROR(TransferDataDir(dir, to, transfer));
    }
    return metadata_->TransferTo(to / format::kMetadataDirectory, transfer);
  }

 private:
  // The first data directory becomes `to` itself, the others lie within.
  Status TransferDataDir(std::size_t dir, const fs::path& to, FileTransfer& transfer) const {
    const fs::path& from = sources_.data_dirs[dir];
    const fs::path target = format::SnapshotDataDir(to, dir);
    std::error_code error;
    fs::create_directory(target, error);
    if (error) return Fail(Errc::kStorage, "create " + target.string() + ": " + error.message());
    for (std::size_t i = 0; i < stores_.size(); ++i) {
      const fs::path& store = stores_[i]->path();
      if (store.parent_path() != from) continue;
      GNEISS_RETURN_IF_ERROR(cuts_[i]->TransferTo(target / store.filename(), transfer));
    }
    for (const char* const name : format::kDirectoryFiles) {
      if (fs::symlink_status(from / name, error).type() == fs::file_type::not_found) continue;
      GNEISS_RETURN_IF_ERROR(transfer.Copy(from / name, target / name));
    }
    return transfer.SyncDirectory(target);
  }

  const SnapshotSources& sources_;
  Stores stores_;
  std::unique_ptr<DatabaseCut> metadata_;
  std::vector<std::unique_ptr<DatabaseCut>> cuts_;  // as stores_
};

// What a data directory calls its own, by the first part of a path within it.
bool IsOfTheBroker(const std::string& name) {
  return name == format::kMetadataDirectory || name.starts_with("store-");
}

// RocksDB deletes what it does not know in its directories, and the next start takes store-NN in a
// data directory for a store.
Status CheckPlace(const SnapshotSources& sources, const fs::path& to) {
  std::vector<fs::path> directories = sources.data_dirs;
  directories.push_back(fs::path(sources.metadata.db().GetName()).parent_path());
  std::error_code error;
  const fs::path place = fs::weakly_canonical(to, error);
  if (error) return Fail(Errc::kInvalidArgument, to.string() + ": " + error.message());
  for (const fs::path& directory : directories) {
    const fs::path within = place.lexically_relative(fs::weakly_canonical(directory, error));
    if (within.empty() || !IsOfTheBroker(*within.begin())) continue;
    return Fail(Errc::kInvalidArgument, to.string() + " lies where the broker keeps its own data.");
  }
  return {};
}

}  // namespace

Result<SnapshotReport> TakeSnapshot(const SnapshotSources& sources, const fs::path& to) {
  const auto start = steady_clock::now();
  if (to.is_absolute() && !to.native().contains('\0')) {
    GNEISS_RETURN_IF_ERROR(CheckPlace(sources, to));
  }
  SnapshotReport report{.directory = to};
  FileTransfer transfer(FileTransfer::Durability::kSynced);
  GNEISS_ASSIGN_OR_RETURN(const auto staged, StagedDirectory::Create(to, transfer));
  EngineCut cut(sources);
  for (bool taken = false; !taken;) {
    GNEISS_RETURN_IF_ERROR(cut.Prepare());
    GNEISS_ASSIGN_OR_RETURN(taken, cut.Take(report.pause));
  }
  GNEISS_RETURN_IF_ERROR(cut.TransferTo(staged->path(), transfer));
  GNEISS_RETURN_IF_ERROR(staged->Finish());
  report.duration = Since(start);
  report.files = transfer.counts();
  LOG(INFO) << "snapshot taken path=" << to.string() << " pause_us=" << report.pause.count()
            << " duration_us=" << report.duration.count()
            << " linked_bytes=" << report.files.linked_bytes
            << " copied_bytes=" << report.files.copied_bytes;
  return report;
}

}  // namespace gneiss::engine
