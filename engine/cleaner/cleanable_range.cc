// SPDX-License-Identifier: Apache-2.0
#include "engine/cleaner/cleanable_range.h"

#include <algorithm>
#include <limits>

#include "engine/batch_cursor.h"
#include "engine/batch_properties.h"
#include "engine/rocks_status.h"
#include "protocol/records/record_batch.h"

namespace gneiss::engine {
namespace {

// The part of a file with offsets [begin, end) that lies in [from, to).
std::uint64_t Share(std::uint64_t bytes, Offset begin, Offset end, Offset from, Offset to) {
  const std::int64_t inside = std::min(end, to) - std::max(begin, from);
  if (inside <= 0) return 0;
  const double share = static_cast<double>(inside) / static_cast<double>(end - begin);
  return static_cast<std::uint64_t>(static_cast<double>(bytes) * share);
}

// Where the first file begins that has dirty records and one that is younger than the lag.
Result<Offset> FirstTooYoung(const Family& family, Offset first_dirty, TimestampMs older_than) {
  rocksdb::TablePropertiesCollection tables;
  GNEISS_RETURN_IF_ERROR(FromRocks(family.db().GetPropertiesOfAllTables(family.handle(), &tables),
                                   "read the file properties of " + family.name()));
  Offset first(std::numeric_limits<std::int64_t>::max());
  for (const auto& [name, table] : tables) {
    const auto batches = ReadBatchProperties(*table);
    if (!batches || batches->max_offset < first_dirty) continue;
    if (batches->max_timestamp > older_than) first = std::min(first, batches->min_offset);
  }
  return first;
}

Result<bool> IsOverdue(const std::shared_ptr<const Family>& family, const CleanableRange& range,
                       TimestampMs older_than) {
  const auto cursor = BatchCursor::Open(family, ReadTier::kAll, Pinning::kPass);
  GNEISS_RETURN_IF_ERROR(cursor->Seek(range.from));
  if (!cursor->valid() || cursor->base_offset() >= range.to) return false;
  GNEISS_ASSIGN_OR_RETURN(const auto header, records::BatchHeader::Parse(cursor->bytes()));
  return header.max_timestamp > 0 && header.max_timestamp < older_than;
}

}  // namespace

Result<MemoryStart> FindMemoryStart(const std::shared_ptr<const Family>& family, Offset log_end) {
  const auto cursor = BatchCursor::Open(family, ReadTier::kMemory, Pinning::kPass);
  GNEISS_RETURN_IF_ERROR(cursor->Seek(Offset(0)));
  if (!cursor->valid()) return MemoryStart{.base_offset = log_end};
  GNEISS_ASSIGN_OR_RETURN(const auto header, records::BatchHeader::Parse(cursor->bytes()));
  return MemoryStart{
      .base_offset = cursor->base_offset(), .timestamp = header.max_timestamp, .empty = false};
}

CleanableRange Measure(const std::vector<LogFile>& files, Offset log_start, Offset from,
                       Offset to) {
  CleanableRange range{.from = from, .to = std::max(from, to)};
  Offset begin = log_start;
  for (const LogFile& file : files) {
    if (file.max_offset < log_start) continue;
    const Offset end = file.max_offset + 1;
    const auto bytes = static_cast<std::uint64_t>(file.file_bytes);
    range.clean_bytes += Share(bytes, begin, end, log_start, from);
    range.dirty_bytes += Share(bytes, begin, end, from, range.to);
    begin = std::max(begin, end);
  }
  return range;
}

Result<CleanableRange> FindCleanable(const std::shared_ptr<const Family>& family,
                                     const LogConfig& config, const LogOffsets& offsets,
                                     Offset first_dirty, TimestampMs now) {
  // Memory first: what is flushed meanwhile waits for the next look, and is not passed over.
  GNEISS_ASSIGN_OR_RETURN(const MemoryStart memory, FindMemoryStart(family, offsets.log_end));
  Offset to = std::min(offsets.last_stable, memory.base_offset);
  if (config.min_compaction_lag_ms > 0) {
    GNEISS_ASSIGN_OR_RETURN(
        const Offset too_young,
        FirstTooYoung(*family, first_dirty, now - config.min_compaction_lag_ms));
    to = std::min(to, too_young);
  }
  LogFiles files;
  GNEISS_RETURN_IF_ERROR(files.Refresh(family));
  CleanableRange range = Measure(files.files(), offsets.log_start, first_dirty, to);
  if (range.dirty_bytes > 0 && config.max_compaction_lag_ms < now) {
    GNEISS_ASSIGN_OR_RETURN(range.overdue,
                            IsOverdue(family, range, now - config.max_compaction_lag_ms));
  }
  return range;
}

bool IsDue(const CleanableRange& range, const LogConfig& config) {
  return range.dirty_bytes > 0 &&
         (range.overdue || range.dirty_ratio() > config.min_cleanable_dirty_ratio);
}

std::int64_t RollAfterMs(const LogConfig& config) {
  return std::min(config.segment_ms, config.max_compaction_lag_ms);
}

}  // namespace gneiss::engine
