// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "engine/format.h"
#include "protocol/base/result.h"
#include "protocol/base/uuid.h"

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
  const Uuid& id() const { return id_; }  // given once, kept in the directory

  // What FORMAT said at first. One of an older format is taken over once all that is new is there.
  int format() const { return format_; }
  Status RaiseFormat() { return format_ < format::kDirectoryFormat ? WriteFormat() : Status(); }

  // The numbers of the stores that were here at first, ascending. A directory in which no RocksDB
  // was ever finished does not count.
  const std::vector<int>& stores() const { return stores_; }
  std::filesystem::path StorePath(int store) const { return path_ / format::StoreDirectory(store); }

 private:
  DataDirectory(std::filesystem::path path, int file) : path_(std::move(path)), file_(file) {}

  Status CheckFormat();
  Status WriteFormat();
  Status TakeId();
  Status FindStores();

  const std::filesystem::path path_;
  int format_ = format::kDirectoryFormat;
  std::vector<int> stores_;
  Uuid id_;
  const int file_;  // the descriptor that holds the lock
};

}  // namespace gneiss::engine
