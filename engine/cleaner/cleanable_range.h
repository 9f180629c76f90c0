// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "engine/database.h"
#include "engine/housekeeping/log_files.h"
#include "engine/partition_log.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"

// Which part of a log may be compacted, and whether it is time. What Kafka calls the active segment
// is here what has not been flushed to a file. So nothing is ever dropped in favour of a record
// that a power cut could still take.
namespace gneiss::engine {

// The first batch that is in memory only.
struct MemoryStart {
  Offset base_offset;                    // the log's end when all is in files
  TimestampMs timestamp = kNoTimestamp;  // the greatest of the batch
  bool empty = true;
};
Result<MemoryStart> FindMemoryStart(const std::shared_ptr<const Family>& family, Offset log_end);

struct CleanableRange {
  Offset from{};  // the first dirty offset
  Offset to{};    // what is at or above it has to wait
  std::uint64_t clean_bytes = 0;
  std::uint64_t dirty_bytes = 0;
  bool overdue = false;  // max.compaction.lag.ms has passed

  // 0 for an empty log.
  double dirty_ratio() const {
    const auto all = static_cast<double>(clean_bytes + dirty_bytes);
    return dirty_bytes == 0 ? 0 : static_cast<double>(dirty_bytes) / all;
  }
};

// Splits the files of a log that has been cleaned up to `from` at `from` and `to`. A file that
// holds more than one part counts for each by its offsets. Pure.
CleanableRange Measure(const std::vector<LogFile>& files, Offset log_start, Offset from, Offset to);

// [first_dirty, to): `to` lies below the first unstable offset, what is in memory only, and the
// first file with a record younger than min.compaction.lag.ms. Blocks.
Result<CleanableRange> FindCleanable(const std::shared_ptr<const Family>& family,
                                     const LogConfig& config, const LogOffsets& offsets,
                                     Offset first_dirty, TimestampMs now);

// Whether log compaction should begin: something is dirty, and more than min.cleanable.dirty.ratio
// of the bytes or overdue.
bool IsDue(const CleanableRange& range, const LogConfig& config);

// How long a batch may be in memory only, which is when a segment would be rolled.
std::int64_t RollAfterMs(const LogConfig& config);

}  // namespace gneiss::engine
