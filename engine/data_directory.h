// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>

#include "protocol/base/result.h"

namespace gneiss::engine {

// DataDirectory is the claim of this process to one directory: its FORMAT file, locked. The lock
// goes with the process, however it ends. Threads: any.
class DataDirectory {
 public:
  // Creates the directory if need be. Errors are sentences for an operator: kAlreadyExists when
  // another broker uses it, kUnsupportedVersion when a newer one wrote it, kStorage when it cannot
  // be written to.
  static Result<std::unique_ptr<DataDirectory>> Claim(const std::filesystem::path& path);

  ~DataDirectory();
  DataDirectory(const DataDirectory&) = delete;
  DataDirectory& operator=(const DataDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  DataDirectory(std::filesystem::path path, int file) : path_(std::move(path)), file_(file) {}

  Status CheckFormat();
  Status WriteFormat();

  const std::filesystem::path path_;
  const int file_;  // the descriptor that holds the lock
};

}  // namespace gneiss::engine
