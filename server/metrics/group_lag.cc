// SPDX-License-Identifier: Apache-2.0
#include "server/metrics/group_lag.h"

#include <algorithm>
#include <utility>

#include "protocol/records/record_batch.h"
#include "server/coordinator/group_coordinator.h"
#include "server/partition_table.h"

namespace gneiss::server {
namespace {

// When the batch that holds `offset`, or the next one there is, was begun.
std::optional<TimestampMs> TimestampAt(const engine::PartitionLog& log, Offset offset,
                                       const engine::LogOffsets& offsets) {
  const engine::ReadLimits one_batch{.bytes_max = 1,
                                     .upper_bound = offsets.high_watermark,
                                     .at_least_one_batch = true,
                                     .tier = engine::ReadTier::kAll};
  const Result<engine::ReadView> view = log.Read(std::max(offset, offsets.log_start), one_batch);
  if (!view || view->batches.empty()) return std::nullopt;
  const auto batch = records::RecordBatchView::Parse(view->batches.front().view());
  if (!batch) return std::nullopt;
  const records::BatchHeader& header = batch->header();
  const bool by_log = header.timestamp_type() == records::TimestampType::kLogAppendTime;
  const TimestampMs timestamp = by_log ? header.max_timestamp : header.base_timestamp;
  if (timestamp == kNoTimestamp) return std::nullopt;
  return timestamp;
}

// Reads as long as it may.
class AgeReader {
 public:
  AgeReader(Clock& clock, std::chrono::nanoseconds time_max)
      : clock_(clock), now_ms_(clock.WallMs()), deadline_(clock.Now() + time_max) {}

  std::optional<double> AgeAt(const engine::PartitionLog& log, Offset offset,
                              const engine::LogOffsets& offsets) {
    if (offset >= offsets.high_watermark) return 0;
    if (clock_.Now() >= deadline_) {
      ++unread_;
      return std::nullopt;
    }
    const std::optional<TimestampMs> timestamp = TimestampAt(log, offset, offsets);
    if (!timestamp) return std::nullopt;
    return static_cast<double>(std::max<TimestampMs>(0, now_ms_ - *timestamp)) / 1000;
  }
  std::size_t unread() const { return unread_; }

 private:
  Clock& clock_;
  const TimestampMs now_ms_;
  const TimePoint deadline_;
  std::size_t unread_ = 0;
};

}  // namespace

GroupLag ReadGroupLag(const GroupCoordinator& coordinator, const PartitionTable& partitions,
                      Clock& clock, std::span<const GroupFigures> groups,
                      const GroupLagLimits& limits) {
  GroupLag lag;
  AgeReader reader(clock, limits.read_time_max);
  for (const GroupFigures& group : groups) {
    const std::size_t room = limits.partitions_max - lag.partitions.size();
    if (room == 0) break;
    for (GroupPosition& position : coordinator.Positions(group.group, room)) {
      const PartitionPtr partition = partitions.Find(position.tp.topic, position.tp.partition);
      if (partition == nullptr) continue;
      const engine::LogOffsets offsets = partition->log->offsets();
      const std::int64_t behind = offsets.high_watermark - position.committed;
      lag.partitions.push_back(
          {.group = group.group,
           .tp = std::move(position.tp),
           .committed = position.committed,
           .records = std::max<std::int64_t>(0, behind),
           .seconds = reader.AgeAt(*partition->log, position.committed, offsets)});
    }
  }
  lag.unread = reader.unread();
  return lag;
}

}  // namespace gneiss::server
