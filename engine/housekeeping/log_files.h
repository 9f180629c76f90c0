// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/database.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"

namespace gneiss::engine {

// One SST of a partition, as retention, merging and log compaction see it.
struct LogFile {
  std::string name;  // as CompactFiles wants it
  int level = 0;
  Offset min_offset;
  Offset max_offset;
  TimestampMs newest = kNoTimestamp;  // the greatest timestamp, else when the file was written
  TimestampMs written_first = 0;      // when the oldest of it was first flushed
  std::int64_t batch_bytes = 0;
  std::int64_t file_bytes = 0;
};

// LogFiles knows the SSTs of one family. It reads the properties of files that it does not know
// yet, and does nothing at all while the family is as it was. Threads: one at a time.
class LogFiles {
 public:
  // True when something has changed.
  Result<bool> Refresh(const std::shared_ptr<const Family>& family);

  const std::vector<LogFile>& files() const { return files_; }  // oldest first
  std::uint64_t version() const { return version_; }            // another one after each change
  // The first offset that is in no file: 0 without files.
  Offset end() const { return files_.empty() ? Offset(0) : files_.back().max_offset + 1; }

 private:
  std::weak_ptr<const Family> family_;
  std::uint64_t version_ = 0;  // RocksDB's, of the family's files and memtables
  std::vector<LogFile> files_;
};

}  // namespace gneiss::engine
