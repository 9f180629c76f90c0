// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/table_properties.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "engine/format.h"
#include "protocol/base/ids.h"

namespace gneiss::engine {

// What each SST of a partition says of its batches, in its properties block, as decimal text that
// `sst_dump --show_properties` shows: lookups by time skip files by it, and retention judges by it.
// Time marks (engine/time_marks.h) are kept beside it, in the encoding of engine/format.h.
// The time of the first flush is RocksDB's own creation_time, which rewrites keep.
struct BatchProperties {
  Offset min_offset;  // the base offset of the first batch
  Offset max_offset;  // the last offset of the last batch
  TimestampMs max_timestamp = kNoTimestamp;
  std::int64_t bytes = 0;  // of all batches
};

// ON DISK: never rename.
inline constexpr char kMinOffsetProperty[] = "gneiss.min.offset";
inline constexpr char kMaxOffsetProperty[] = "gneiss.max.offset";
inline constexpr char kMaxTimestampProperty[] = "gneiss.max.timestamp";
inline constexpr char kBytesProperty[] = "gneiss.bytes";
inline constexpr char kTimeMarksProperty[] = "gneiss.time.marks";
inline constexpr char kBatchPropertiesCollectorName[] = "gneiss.BatchProperties";  // in OPTIONS

// Nothing for a file without them: of another family, or of no batches.
std::optional<BatchProperties> ReadBatchProperties(const rocksdb::TableProperties& table);

// The time marks of a file, for lookups inside of it. Empty for a file without them.
std::vector<format::TimeMark> ReadTimeMarks(const rocksdb::TableProperties& table);

// Collects them while an SST is written. Threads: the factory any, a collector one.
std::unique_ptr<rocksdb::TablePropertiesCollectorFactory> NewBatchPropertiesCollectorFactory();

}  // namespace gneiss::engine
