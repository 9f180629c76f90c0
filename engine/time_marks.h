// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "engine/format.h"
#include "protocol/base/ids.h"

namespace gneiss::engine {

using format::TimeMark;

// The least distance between two marks: what a lookup by time reads when it has found the mark. The
// marks of a file cost 0.01 % of it.
inline constexpr std::size_t kTimeMarkBytes = std::size_t{64} << 10;

// The most marks of one file, about 20 KB: up to 256 MB with the least distance, which doubles with
// each doubling of the file from there on.
inline constexpr std::size_t kFileTimeMarksMax = 4096;

// FileTimeMarks makes the marks of a file while it is written. Threads: one.
class FileTimeMarks {
 public:
  // The next batch, with its greatest timestamp. Offsets ascend.
  void Add(Offset last_offset, TimestampMs max_timestamp, std::size_t bytes);

  const std::vector<TimeMark>& marks() const { return marks_; }

 private:
  void Halve();

  std::vector<TimeMark> marks_;  // of the last one more batches may come
  std::size_t distance_ = kTimeMarkBytes;
  std::size_t last_mark_bytes_ = 0;
};

// RecentTimes marks the batches that a log has committed last, for lookups in what no file holds
// yet. It forgets the older half when it is full, and may know nothing of what was there when the
// log was opened: from() says. At most 16 KB by itself; adding allocates now and then only.
// Threads: one at a time.
class RecentTimes {
 public:
  explicit RecentTimes(Offset next_offset = Offset(0)) : from_(next_offset), end_(next_offset) {}

  // The next batch. Where it does not follow the one before, all before is forgotten.
  void Add(Offset base_offset, Offset last_offset, TimestampMs max_timestamp, std::size_t bytes);

  // The same where what lies between may have no batches: they were compacted away.
  void AddBehindGap(Offset last_offset, TimestampMs max_timestamp, std::size_t bytes) {
    Add(end_, last_offset, max_timestamp, bytes);
  }
  // Nothing comes any more below `end`.
  void CloseAt(Offset end) { end_ = end; }

  // Marks of what lies before from(), as far as `earlier` joins it.
  void Extend(const RecentTimes& earlier);

  // Marks of offsets below `offset` are of no use any more.
  void Forget(Offset offset);

  Offset from() const { return from_; }  // the marks cover [from, end)
  Offset end() const { return end_; }
  const std::vector<TimeMark>& marks() const { return marks_; }

 private:
  std::vector<TimeMark> marks_;  // of the last one more batches may come
  std::size_t last_mark_bytes_ = 0;
  Offset from_;
  Offset end_;
};

}  // namespace gneiss::engine
