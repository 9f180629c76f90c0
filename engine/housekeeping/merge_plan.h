// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "engine/housekeeping/log_files.h"
#include "engine/partition_log.h"

// Which small files of a log to join: decisions only, no I/O.
// docs/decisions/0007-merging-small-files.md has the measurements behind the numbers.
namespace gneiss::engine {

struct MergeRules {
  std::int64_t bytes_max = 0;  // of a file that a merge makes; half of it is never merged again
  std::int64_t split_bytes = 0;  // larger files are taken apart
  std::int64_t span_ms_max = 0;  // between the first flushes of its oldest and newest part
  std::size_t fan_in = 0;        // so many files at least, unless nothing more can join them
};

// Files are joined up to segment.bytes, but not further than is good to read and to drop, and over
// segment.ms, but not over so much of retention.ms that expired data would stay for long.
MergeRules MergeRulesOf(const LogConfig& config);

struct MergeRange {
  std::size_t first = 0;  // indices into the files
  std::size_t count = 0;
};

// Neighbours that are worth joining now. A merge at least doubles the size of the file that each of
// its bytes is in, so that a byte is rewritten at most log2(bytes_max / flushed size) times, and
// about log(fan_in) of it. Files of level 0 are left alone: RocksDB is about to move them.
// `files`: oldest first.
std::optional<MergeRange> ChooseMerge(std::span<const LogFile> files, const MergeRules& rules);

// A file that is larger than segment.bytes by more than a quarter: a flush may join memtables, and
// segment.bytes may have been lowered. Only those that end at `from` or later.
std::optional<MergeRange> ChooseSplit(std::span<const LogFile> files, const MergeRules& rules,
                                      Offset from);

}  // namespace gneiss::engine
