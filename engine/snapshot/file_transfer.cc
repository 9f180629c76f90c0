// SPDX-License-Identifier: Apache-2.0
#include "engine/snapshot/file_transfer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <vector>

#include "engine/fault_point.h"

namespace gneiss::engine {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kCopyBytes = std::size_t{1} << 20;

std::unexpected<Error> FailWithErrno(const char* doing, const fs::path& path) {
  const int error = errno;
  return Fail(
      error == ENOSPC ? Errc::kDiskFull : Errc::kStorage,
      std::string(doing) + " " + path.string() + ": " + std::generic_category().message(error));
}

class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0644)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  const int fd_;
};

// Another volume, a file system without links, too many links, or a file of somebody else, which
// Linux does not let us link: a copy does as well.
bool MayCopyInstead(int error) {
  return error == EXDEV || error == EPERM || error == EMLINK || error == EOPNOTSUPP;
}

Status WriteAll(int fd, const char* data, std::size_t size, const fs::path& to) {
  while (size > 0) {
    const ssize_t written = ::write(fd, data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FailWithErrno("write", to);
    data += written;
    size -= static_cast<std::size_t>(written);
  }
  return {};
}

// Within the kernel if it can; byte by byte if it cannot.
Result<bool> CopyWithinKernel(int in, int out, std::uint64_t& left, const fs::path& to) {
  while (left > 0) {
    const ssize_t copied = ::copy_file_range(in, nullptr, out, nullptr, left, 0);
    if (copied < 0 && errno == EINTR) continue;
    if (copied < 0 && errno == ENOSPC) return FailWithErrno("write", to);
    if (copied <= 0) return false;
    left -= static_cast<std::uint64_t>(copied);
  }
  return true;
}

Status CopyThroughMemory(int in, int out, std::uint64_t left, const fs::path& from,
                         const fs::path& to) {
  std::vector<char> buffer(static_cast<std::size_t>(std::min<std::uint64_t>(left, kCopyBytes)));
  while (left > 0) {
    const ssize_t size = ::read(
        in, buffer.data(), static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer.size())));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return FailWithErrno("read", from);
    if (size == 0) return Fail(Errc::kStorage, from.string() + " is shorter than it should be");
    GNEISS_RETURN_IF_ERROR(WriteAll(out, buffer.data(), static_cast<std::size_t>(size), to));
    left -= static_cast<std::uint64_t>(size);
  }
  return {};
}

Status Sync(int fd, const fs::path& path) {
  if (::fsync(fd) != 0) return FailWithErrno("fsync", path);
  return {};
}

}  // namespace

Status FileTransfer::Link(const fs::path& from, const fs::path& to) {
  if (::link(from.c_str(), to.c_str()) != 0) {
    if (MayCopyInstead(errno)) return Copy(from, to);
    return FailWithErrno("link", to);
  }
  GNEISS_FAULT_POINT("snapshot.file_linked");
  struct stat status{};
  if (::stat(to.c_str(), &status) != 0) return FailWithErrno("stat", to);
  ++counts_.linked_files;
  counts_.linked_bytes += static_cast<std::uint64_t>(status.st_size);
  return {};
}

Status FileTransfer::LinkAndSync(const fs::path& from, const fs::path& to) {
  GNEISS_RETURN_IF_ERROR(Link(from, to));
  if (durability_ == Durability::kNone) return {};
  const Descriptor linked(to, O_RDONLY);
  if (!linked.ok()) return FailWithErrno("open", to);
  return Sync(linked.get(), to);
}

Status FileTransfer::Copy(const fs::path& from, const fs::path& to) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(from, error);
  if (error) return Fail(Errc::kStorage, "stat " + from.string() + ": " + error.message());
  return Copy(from, to, size);
}

Status FileTransfer::Copy(const fs::path& from, const fs::path& to, std::uint64_t size) {
  const Descriptor in(from, O_RDONLY);
  if (!in.ok()) return FailWithErrno("open", from);
  const Descriptor out(to, O_WRONLY | O_CREAT | O_EXCL);
  if (!out.ok()) return FailWithErrno("create", to);
  GNEISS_FAULT_POINT("snapshot.file_created");
  std::uint64_t left = size;
  GNEISS_ASSIGN_OR_RETURN(const bool done, CopyWithinKernel(in.get(), out.get(), left, to));
  if (!done) GNEISS_RETURN_IF_ERROR(CopyThroughMemory(in.get(), out.get(), left, from, to));
  GNEISS_FAULT_POINT("snapshot.file_copied");
  ++counts_.copied_files;
  counts_.copied_bytes += size;
  return durability_ == Durability::kSynced ? Sync(out.get(), to) : Status();
}

Status FileTransfer::Write(const fs::path& to, std::string_view text) {
  const Descriptor out(to, O_WRONLY | O_CREAT | O_EXCL);
  if (!out.ok()) return FailWithErrno("create", to);
  GNEISS_FAULT_POINT("snapshot.text_created");
  GNEISS_RETURN_IF_ERROR(WriteAll(out.get(), text.data(), text.size(), to));
  GNEISS_FAULT_POINT("snapshot.text_written");
  return durability_ == Durability::kSynced ? Sync(out.get(), to) : Status();
}

Status FileTransfer::SyncDirectory(const fs::path& directory) {
  if (durability_ == Durability::kNone) return {};
  const Descriptor opened(directory, O_RDONLY | O_DIRECTORY);
  if (!opened.ok()) return FailWithErrno("open", directory);
  return Sync(opened.get(), directory);
}

}  // namespace gneiss::engine
