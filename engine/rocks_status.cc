// SPDX-License-Identifier: Apache-2.0
#include "engine/rocks_status.h"

#include <string>

namespace gneiss::engine {

Errc CodeOf(const rocksdb::Status& status) {
  switch (status.code()) {
    case rocksdb::Status::kNotFound:
      return Errc::kNotFound;
    case rocksdb::Status::kCorruption:
      return Errc::kCorrupt;
    case rocksdb::Status::kInvalidArgument:
      return Errc::kInvalidArgument;
    case rocksdb::Status::kIncomplete:
      return Errc::kWouldBlock;
    case rocksdb::Status::kShutdownInProgress:
      return Errc::kShuttingDown;
    default:
      return status.IsNoSpace() ? Errc::kDiskFull : Errc::kStorage;
  }
}

Status FromRocks(const rocksdb::Status& status, std::string_view doing) {
  if (status.ok()) return {};
  return Fail(CodeOf(status), std::string(doing) + ": " + status.ToString());
}

}  // namespace gneiss::engine
