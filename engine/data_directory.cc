// SPDX-License-Identifier: Apache-2.0
#include "engine/data_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "engine/format.h"

namespace gneiss::engine {
namespace {

std::string Reason(int error) { return std::generic_category().message(error); }

}  // namespace

Result<std::unique_ptr<DataDirectory>> DataDirectory::Claim(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) {
    return Fail(Errc::kStorage, "The data directory " + path.string() +
                                    " cannot be created: " + error.message() + ".");
  }
  const std::filesystem::path name = path / format::kFormatFile;
  const int file = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) {
    return Fail(Errc::kStorage,
                "The data directory " + path.string() + " is not writable: " + Reason(errno) + ".");
  }
  std::unique_ptr<DataDirectory> directory(new DataDirectory(path, file));
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    return Fail(Errc::kAlreadyExists,
                "The data directory " + path.string() + " is in use by another broker.");
  }
  GNEISS_RETURN_IF_ERROR(directory->CheckFormat());
  return directory;
}

DataDirectory::~DataDirectory() { ::close(file_); }

Status DataDirectory::CheckFormat() {
  std::array<char, 256> text;
  const ssize_t size = ::pread(file_, text.data(), text.size(), 0);
  if (size < 0) {
    return Fail(Errc::kStorage, "The data directory " + path_.string() +
                                    " is not readable: " + Reason(errno) + ".");
  }
  if (size == 0) return WriteFormat();  // new; a store is made only after this is written
  const Result<int> format = format::ParseFormatFile({text.data(), static_cast<std::size_t>(size)});
  if (!format) {
    return Fail(Errc::kCorrupt, "The data directory " + path_.string() +
                                    " has a FORMAT file that is not of gneiss.");
  }
  if (*format > format::kDirectoryFormat) {
    return Fail(Errc::kUnsupportedVersion, "The data directory " + path_.string() + " has format " +
                                               std::to_string(*format) +
                                               ", and this version knows formats up to " +
                                               std::to_string(format::kDirectoryFormat) + ".");
  }
  return {};
}

Status DataDirectory::WriteFormat() {
  const std::string text = format::FormatFileText(format::kDirectoryFormat);
  const ssize_t written = ::pwrite(file_, text.data(), text.size(), 0);
  if (written != static_cast<ssize_t>(text.size()) || ::fsync(file_) != 0) {
    return Fail(Errc::kStorage, "The data directory " + path_.string() +
                                    " cannot be written to: " + Reason(errno) + ".");
  }
  return {};
}

}  // namespace gneiss::engine
