// SPDX-License-Identifier: Apache-2.0
#include "engine/housekeeping/log_keeper.h"

#include <glog/logging.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "engine/batch_cursor.h"
#include "engine/fault_point.h"
#include "engine/housekeeping/file_rewrite.h"
#include "engine/housekeeping/merge_plan.h"
#include "engine/partition_reader.h"
#include "engine/rocks_status.h"
#include "protocol/records/record_batch.h"

namespace gneiss::engine {
namespace {

// Files that are dropped in one go: bounds the time until the housekeeper hears that it shall stop.
constexpr std::size_t kDropFilesMax = 256;

// How long data may stay in memory only. Retention is judged once per check interval, so nothing is
// gained by flushing more often.
std::int64_t MemoryAgeMax(const LogConfig& config, std::chrono::milliseconds check_interval) {
  std::int64_t age = config.segment_ms;
  if (config.cleanup_delete && config.retention_ms >= 0) age = std::min(age, config.retention_ms);
  return std::max<std::int64_t>(age, check_interval.count());
}

Status FlushInBackground(Family& family) {
  rocksdb::FlushOptions options;
  options.wait = false;
  options.allow_write_stall = true;  // else it waits until none is to be feared
  return FromRocks(family.db().Flush(options, family.handle()), "flush " + family.name());
}

}  // namespace

void LogKeeper::Report(const Error& error, const char* what) const {
  LOG_EVERY_N(WARNING, 100) << "housekeeping failed and will be tried again partition=" << tp_
                            << " task=" << what << " error=" << error.detail;
}

std::optional<RocksPartitionLog::View> LogKeeper::GetView() const {
  const std::shared_ptr<RocksPartitionLog> log = log_.lock();
  return log != nullptr ? log->GetView() : std::nullopt;
}

bool LogKeeper::Refresh(const View& view) {
  const Result<bool> changed = files_.Refresh(view.family);
  if (!changed) {
    Report(changed.error(), "list files");
    return false;
  }
  may_merge_ = may_merge_ || *changed;
  return true;
}

// ---- Retention ----

std::optional<RocksPartitionLog::Move> LogKeeper::Decide(TimestampMs now,
                                                         std::chrono::milliseconds check_interval,
                                                         HousekeepingStats& stats) {
  const std::shared_ptr<RocksPartitionLog> log = log_.lock();
  const std::optional<View> view = log != nullptr ? log->GetView() : std::nullopt;
  if (!view || !Refresh(*view)) return std::nullopt;
  RetentionQuestion question = Ask(*log, *view, now);
  RetentionAnswer answer = DecideRetention(question, view->config);
  if (answer.parts == question.parts.size() && AddMemory(*view, question)) {
    answer = DecideRetention(question, view->config);
  }
  log->SetForecast({.next_log_start = answer.next_log_start,
                    .next_expiry = answer.next_expiry,
                    .bytes_until_expiry = answer.bytes_until_expiry,
                    .size_bytes = question.visible_bytes});
  if (answer.parts == 0) {
    FlushIfOld(*view, now, check_interval, stats);
    return std::nullopt;
  }
  return RocksPartitionLog::Move{.from = view->log_start.offset,
                                 .to = answer.log_start,
                                 .reason = answer.reason,
                                 .bytes = answer.bytes};
}

// About the files alone: most logs need no look at what is in memory.
RetentionQuestion LogKeeper::Ask(RocksPartitionLog& log, const View& view, TimestampMs now) {
  // Log compaction shrinks files at any time; with a size from before it too much would go.
  if (view.config.cleanup_compact) log.ForgetSize();
  parts_.clear();
  for (const LogFile& file : files_.files()) {
    if (file.max_offset < view.log_start.offset) continue;
    parts_.push_back(
        {.max_offset = file.max_offset, .newest = file.newest, .bytes = VisibleBytes(view, file)});
  }
  return {.parts = parts_,
          .visible_bytes = view.config.retention_bytes >= 0 ? log.size_bytes() : 0,
          .log_start = view.log_start.offset,
          .high_watermark = view.high_watermark,
          .now = now};
}

// Counted by reading, but only after a DeleteRecords that ended inside a file, and once.
std::int64_t LogKeeper::VisibleBytes(const View& view, const LogFile& file) {
  const Offset log_start = view.log_start.offset;
  if (file.min_offset >= log_start) return file.batch_bytes;
  if (straddling_name_ != file.name || straddling_from_ != log_start) {
    straddling_name_ = file.name;
    straddling_from_ = log_start;
    straddling_bytes_ = CountBytes(view.family, log_start, file.max_offset + 1, ReadTier::kAll);
  }
  return straddling_bytes_;
}

// What is in memory counts as the last part. False when there is nothing, or when it was just
// written to a file: the next look will find it there.
bool LogKeeper::AddMemory(const View& view, RetentionQuestion& question) {
  const Offset from = std::max(files_.end(), view.log_start.offset);
  if (from >= view.high_watermark) return false;
  const bool known = memory_ && memory_->from == from && memory_->to == view.high_watermark;
  if (!known) {
    const std::optional<TimestampMs> newest = NewestInMemory(view, from);
    if (!newest) return false;
    memory_ = Memory{.from = from, .to = view.high_watermark, .newest = *newest};
  }
  std::int64_t bytes = 0;
  for (const LogPart& part : parts_) bytes += part.bytes;
  const std::int64_t in_memory =
      view.config.retention_bytes >= 0
          ? question.visible_bytes - bytes
          : CountBytes(view.family, from, view.high_watermark, ReadTier::kMemory);
  parts_.push_back({.max_offset = view.high_watermark - 1,
                    .newest = memory_->newest,
                    .bytes = std::max<std::int64_t>(in_memory, 0)});
  question.parts = parts_;
  return true;
}

// Nothing when the family changed meanwhile. Without timestamps: as if it was written now.
std::optional<TimestampMs> LogKeeper::NewestInMemory(const View& view, Offset from) {
  TimestampMs newest = kNoTimestamp;
  const auto cursor = BatchCursor::Open(view.family, ReadTier::kMemory, Pinning::kPass);
  Status at = cursor->Seek(from);
  for (; at && cursor->valid() && cursor->base_offset() < view.high_watermark;
       at = cursor->Next()) {
    const auto header = records::BatchHeader::Parse(cursor->bytes());
    if (header) newest = std::max(newest, header->max_timestamp);
  }
  if (!at) {
    Report(at.error(), "read memory");
    return std::nullopt;
  }
  const std::uint64_t version = files_.version();
  if (!Refresh(view) || files_.version() != version) return std::nullopt;
  return newest >= 0 ? newest : std::numeric_limits<TimestampMs>::max();
}

void LogKeeper::FlushIfOld(const View& view, TimestampMs now,
                           std::chrono::milliseconds check_interval, HousekeepingStats& stats) {
  const Offset from = std::max(files_.end(), view.log_start.offset);
  if (from >= view.high_watermark || memory_start_ != from) {
    memory_start_ = from;
    memory_since_ = now;
    return;
  }
  if (now - memory_since_ < MemoryAgeMax(view.config, check_interval)) return;
  if (Status flushed = FlushInBackground(*view.family); !flushed) {
    return Report(flushed.error(), "flush");
  }
  ++stats.flushes;
}

std::optional<format::LogStart> LogKeeper::TakeForeignMove() {
  const std::optional<View> view = GetView();
  if (!view || view->log_start.offset == log_start_seen_) return std::nullopt;
  log_start_seen_ = view->log_start.offset;
  return view->log_start;
}

// ---- Space ----

void LogKeeper::DropExpired(HousekeepingStats& stats) {
  const std::optional<View> view = GetView();
  if (!view || !Refresh(*view)) return;
  FlushHidden(*view);
  const Offset durable = view->family->rules()->drop_below();
  std::vector<LogFile> expired;
  for (const LogFile& file : files_.files()) {
    if (file.max_offset >= durable || expired.size() == kDropFilesMax) break;
    expired.push_back(file);
  }
  if (expired.empty()) return;
  GNEISS_FAULT_POINT("retention.before_drop");
  const Result<RewriteResult> result =
      RewriteFiles(view->family, expired, std::numeric_limits<std::int64_t>::max());
  if (!result) return Report(result.error(), "drop expired files");
  stats.drop_bytes_read += result->bytes_read;
  stats.drop_bytes_written += result->bytes_written;
  if (!result->done) {
    ++stats.postponed;
    return;
  }
  GNEISS_FAULT_POINT("retention.after_drop");
  stats.files_dropped += expired.size();
  for (const LogFile& file : expired) {
    stats.bytes_dropped += static_cast<std::uint64_t>(file.file_bytes);
  }
}

// What expired in memory is left out by the flush, so this costs no file. It gives the WAL back.
void LogKeeper::FlushHidden(const View& view) {
  const Offset durable = view.family->rules()->drop_below();
  const bool all = durable >= view.high_watermark && durable > files_.end();
  if (!all || durable == flushed_below_) return;
  flushed_below_ = durable;
  if (Status flushed = FlushInBackground(*view.family); !flushed) Report(flushed.error(), "flush");
}

// ---- Merging ----

bool LogKeeper::NeedsTending() {
  const std::optional<View> view = GetView();
  if (!view || !Refresh(*view)) return false;
  const Offset durable = view->family->rules()->drop_below();
  return may_merge_ || (!files_.files().empty() && files_.files().front().max_offset < durable);
}

bool LogKeeper::Merge(HousekeepingStats& stats) {
  const std::optional<View> view = GetView();
  if (!view || !Refresh(*view)) return false;
  const MergeRules rules = MergeRulesOf(view->config);
  if (std::exchange(segment_bytes_, view->config.segment_bytes) != view->config.segment_bytes) {
    split_below_ = Offset(0);
  }
  std::optional<MergeRange> range = ChooseSplit(files_.files(), rules, split_below_);
  const bool split = range.has_value();
  if (!split) range = ChooseMerge(files_.files(), rules);
  may_merge_ = range.has_value();
  if (!range) return false;
  const std::span<const LogFile> files(files_.files().data() + range->first, range->count);
  // Once only: a single batch may be larger than segment.bytes has become.
  if (split) split_below_ = files.front().max_offset + 1;
  GNEISS_FAULT_POINT("merge.before_rewrite");
  const Result<RewriteResult> result =
      RewriteFiles(view->family, files, split ? view->config.segment_bytes : rules.bytes_max);
  if (!result) {
    Report(result.error(), "merge");
    return false;
  }
  if (!result->done) {
    ++stats.postponed;
    return false;
  }
  GNEISS_FAULT_POINT("merge.after_rewrite");
  ++stats.merges;
  stats.files_merged += range->count;
  stats.merge_bytes_read += result->bytes_read;
  stats.merge_bytes_written += result->bytes_written;
  return true;
}

// A flush makes one file of a memtable, so a small segment.bytes needs small memtables. Half of it:
// a group of commits goes into a memtable as a whole and may overshoot.
void LogKeeper::FitToSegment() {
  const std::optional<View> view = GetView();
  if (!view) return;
  const std::int64_t segment = view->config.segment_bytes;
  const bool as_made = buffer_for_segment_ == 0 && segment >= kSmallSegmentBytes;
  if (segment == buffer_for_segment_ || as_made) return;
  Family& family = *view->family;
  const std::size_t present = family.db().GetOptions(family.handle()).write_buffer_size;
  if (default_buffer_ == 0) default_buffer_ = present;
  const std::size_t wanted = std::min(default_buffer_, static_cast<std::size_t>(segment) / 2);
  buffer_for_segment_ = segment;
  if (wanted == present) return;
  // More of them, so that a burst does not stall the whole store.
  const std::size_t buffers = std::max<std::size_t>(4, 4 * default_buffer_ / wanted);
  const rocksdb::Status status = family.db().SetOptions(
      family.handle(), {{"write_buffer_size", std::to_string(wanted)},
                        {"max_write_buffer_number", std::to_string(buffers)}});
  if (!status.ok()) {
    buffer_for_segment_ = 0;
    Report(FromRocks(status, "set the write buffer").error(), "fit to segment.bytes");
  }
}

}  // namespace gneiss::engine
