// SPDX-License-Identifier: Apache-2.0
#include "engine/snapshot/directory_copy.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "engine/format.h"
#include "engine/snapshot/staged_directory.h"

namespace gneiss::engine {
namespace {

namespace fs = std::filesystem;

// Keeps brokers out of a data directory, but not others who only read it.
class ReadLock {
 public:
  static Result<std::unique_ptr<ReadLock>> Take(const fs::path& directory) {
    const int file = ::open((directory / format::kFormatFile).c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) {
      return Fail(Errc::kNotFound, directory.string() + " is not a data directory: it has no " +
                                       format::kFormatFile + " file.");
    }
    std::unique_ptr<ReadLock> lock(new ReadLock(file));
    if (::flock(file, LOCK_SH | LOCK_NB) != 0) {
      return Fail(Errc::kWouldBlock, "A broker is running on " + directory.string() + ".");
    }
    return lock;
  }
  ~ReadLock() { ::close(file_); }
  ReadLock(const ReadLock&) = delete;
  ReadLock& operator=(const ReadLock&) = delete;

 private:
  explicit ReadLock(int file) : file_(file) {}
  const int file_;
};

// RocksDB's own logs and locks, and what others have put there, stay behind.
bool BelongsToDatabase(const std::string& name) {
  return name == "CURRENT" || name == "IDENTITY" || name.starts_with("MANIFEST-") ||
         name.starts_with("OPTIONS-") || name.ends_with(".log");
}

Status CopyDatabase(const fs::path& from, const fs::path& to, FileTransfer& transfer) {
  std::error_code error;
  fs::create_directory(to, error);
  if (error) return Fail(Errc::kStorage, "create " + to.string() + ": " + error.message());
  for (fs::directory_iterator it(from, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename();
    if (name.ends_with(".sst")) {
      GNEISS_RETURN_IF_ERROR(transfer.Link(it->path(), to / name));
    } else if (BelongsToDatabase(name)) {
      GNEISS_RETURN_IF_ERROR(transfer.Copy(it->path(), to / name));
    }
  }
  if (error) return Fail(Errc::kStorage, "list " + from.string() + ": " + error.message());
  return transfer.SyncDirectory(to);
}

Status CopyDataDir(const fs::path& from, const fs::path& to, FileTransfer& transfer) {
  std::error_code error;
  fs::create_directory(to, error);
  if (error) return Fail(Errc::kStorage, "create " + to.string() + ": " + error.message());
  for (fs::directory_iterator it(from, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename();
    if (!it->is_directory() || !format::ParseStoreDirectory(name)) continue;
    GNEISS_RETURN_IF_ERROR(CopyDatabase(it->path(), to / name, transfer));
  }
  if (error) return Fail(Errc::kStorage, "list " + from.string() + ": " + error.message());
  for (const char* const name : format::kDirectoryFiles) {
    if (!fs::exists(from / name)) continue;
    GNEISS_RETURN_IF_ERROR(transfer.Copy(from / name, to / name));
  }
  return transfer.SyncDirectory(to);
}

}  // namespace

std::vector<fs::path> WithSnapshotDataDirs(const std::vector<fs::path>& paths) {
  std::vector<fs::path> all;
  for (const fs::path& path : paths) {
    all.push_back(path);
    if (!fs::exists(path / format::kSnapshotFile)) continue;
    for (std::size_t dir = 1; fs::exists(format::SnapshotDataDir(path, dir)); ++dir) {
      all.push_back(format::SnapshotDataDir(path, dir));
    }
  }
  return all;
}

Result<SnapshotReport> CopyDataDirectories(const DirectoryCopyOptions& options,
                                           const fs::path& to) {
  const auto start = std::chrono::steady_clock::now();
  SnapshotReport report{.directory = to};
  std::vector<std::unique_ptr<ReadLock>> locks;
  for (const fs::path& directory : options.data_dirs) {
    GNEISS_ASSIGN_OR_RETURN(locks.emplace_back(), ReadLock::Take(directory));
  }
  FileTransfer transfer(options.durability);
  GNEISS_ASSIGN_OR_RETURN(const auto staged, StagedDirectory::Create(to, transfer));
  for (std::size_t dir = 0; dir < options.data_dirs.size(); ++dir) {
    GNEISS_RETURN_IF_ERROR(CopyDataDir(options.data_dirs[dir],
                                       format::SnapshotDataDir(staged->path(), dir), transfer));
  }
  GNEISS_RETURN_IF_ERROR(CopyDatabase(options.metadata_dir / format::kMetadataDirectory,
                                      staged->path() / format::kMetadataDirectory, transfer));
  GNEISS_RETURN_IF_ERROR(staged->Finish());
  report.duration = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - start);
  report.files = transfer.counts();
  return report;
}

}  // namespace gneiss::engine
