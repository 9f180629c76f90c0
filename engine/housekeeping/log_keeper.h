// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/housekeeping/housekeeping_stats.h"
#include "engine/housekeeping/log_files.h"
#include "engine/housekeeping/retention_plan.h"
#include "engine/rocks_partition_log.h"
#include "protocol/base/ids.h"

namespace gneiss::engine {

// LogKeeper keeps house in one partition: it finds out what has expired, gives back the space of
// what is below the log start, and joins small files. Blocks on the disk.
// Threads: one at a time.
class LogKeeper {
 public:
  explicit LogKeeper(const std::shared_ptr<RocksPartitionLog>& log)
      : log_(log), tp_(log->topic_partition()), log_start_seen_(log->offsets().log_start) {}

  const TopicPartition& topic_partition() const { return tp_; }
  bool log_is_gone() const { return log_.expired(); }
  std::shared_ptr<RocksPartitionLog> log() const { return log_.lock(); }

  // What retention says now, for the caller to carry out. Also sets the partition's forecast, and
  // has data flushed that has been in memory for longer than segment.ms, retention.ms and
  // `check_interval` allow: what is in memory expires only as a whole.
  std::optional<RocksPartitionLog::Move> Decide(TimestampMs now,
                                                std::chrono::milliseconds check_interval,
                                                HousekeepingStats& stats);

  // The log start, when something else than the housekeeper has moved it since the last call.
  std::optional<format::LogStart> TakeForeignMove();
  void NoteMove(Offset log_start) { log_start_seen_ = log_start; }

  // A small segment.bytes needs small memtables.
  void FitToSegment();

  // Gives back what lies below the log start. Costs next to nothing when there is no such file.
  void DropExpired(HousekeepingStats& stats);

  // One merge, or one split, if one is worth it; whether there was one.
  bool Merge(HousekeepingStats& stats);

  // Whether there may be something to drop or to merge.
  bool NeedsTending();

 private:
  using View = RocksPartitionLog::View;
  // What is visible of the log but in no file.
  struct Memory {
    Offset from, to;
    TimestampMs newest = kNoTimestamp;
  };

  std::optional<View> GetView() const;  // as the log's; nothing, too, when that is gone
  bool Refresh(const View& view);
  RetentionQuestion Ask(RocksPartitionLog& log, const View& view, TimestampMs now);
  std::int64_t VisibleBytes(const View& view, const LogFile& file);
  bool AddMemory(const View& view, RetentionQuestion& question);
  std::optional<TimestampMs> NewestInMemory(const View& view, Offset from);
  void FlushIfOld(const View& view, TimestampMs now, std::chrono::milliseconds check_interval,
                  HousekeepingStats& stats);
  void FlushHidden(const View& view);
  void Report(const Error& error, const char* what) const;

  std::weak_ptr<RocksPartitionLog> log_;
  const TopicPartition tp_;
  LogFiles files_;
  bool may_merge_ = false;      // the files have changed since none was worth it
  std::vector<LogPart> parts_;  // kept for its memory
  Offset log_start_seen_;
  std::optional<Memory> memory_;     // as last looked at
  Offset memory_start_ = kNoOffset;  // and since when its oldest batch is known to be there
  TimestampMs memory_since_ = 0;
  Offset flushed_below_;         // what was hidden below it was flushed
  std::string straddling_name_;  // the file that the log start lies in
  Offset straddling_from_;
  std::int64_t straddling_bytes_ = 0;    // visible ones of it
  Offset split_below_;                   // files that end below it are not taken apart any more
  std::int64_t segment_bytes_ = 0;       // when that was last reset
  std::int64_t buffer_for_segment_ = 0;  // the segment.bytes that the write buffer was made for
  std::size_t default_buffer_ = 0;
};

}  // namespace gneiss::engine
