// SPDX-License-Identifier: Apache-2.0
#include "engine/data_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "engine/format.h"

namespace gneiss::engine {
namespace {

std::string Reason(int error) { return std::generic_category().message(error); }

// Both leave the reason in errno.
bool WriteDurably(const std::filesystem::path& path, const std::string& text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return false;
  const bool done = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                    ::fsync(file) == 0;
  ::close(file);
  return done;
}

bool SyncDirectory(const std::filesystem::path& path) {
  const int directory = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return false;
  const bool done = ::fsync(directory) == 0;
  ::close(directory);
  return done;
}

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
  GNEISS_RETURN_IF_ERROR(directory->TakeId());
  GNEISS_RETURN_IF_ERROR(directory->FindStores());
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
  format_ = *format;
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

// Written aside and renamed: a torn id would make the partitions here somebody else's.
Status DataDirectory::TakeId() {
  const std::filesystem::path name = path_ / format::kDirectoryIdFile;
  if (std::ifstream file(name); file) {
    const std::string text(std::istreambuf_iterator<char>(file), {});
    const Result<Uuid> id = format::ParseDirectoryId(text);
    if (!id) {
      return Fail(Errc::kCorrupt, "The data directory " + path_.string() +
                                      " has a DIRECTORY_ID file that is not of gneiss.");
    }
    id_ = *id;
    return {};
  }
  id_ = Uuid::Random();
  const std::filesystem::path aside = path_ / (std::string(format::kDirectoryIdFile) + ".new");
  if (!WriteDurably(aside, format::DirectoryIdText(id_)) ||
      ::rename(aside.c_str(), name.c_str()) != 0 || !SyncDirectory(path_)) {
    return Fail(Errc::kStorage, "The data directory " + path_.string() +
                                    " cannot be written to: " + Reason(errno) + ".");
  }
  return {};
}

Status DataDirectory::FindStores() {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path_, error)) {
    const std::optional<int> store = format::ParseStoreDirectory(entry.path().filename().string());
    if (store && std::filesystem::exists(entry.path() / "CURRENT", error)) {
      stores_.push_back(*store);
    }
  }
  if (error) {
    return Fail(Errc::kStorage, "The data directory " + path_.string() +
                                    " is not readable: " + error.message() + ".");
  }
  std::ranges::sort(stores_);
  return {};
}

}  // namespace gneiss::engine
