// SPDX-License-Identifier: Apache-2.0
#include "engine/cleaner/cleaner_pool.h"

#include <glog/logging.h>

#include <algorithm>
#include <utility>

#include "engine/rocks_status.h"

namespace gneiss::engine {

CleanerPool::CleanerPool(const CleanerOptions& options, Clock& clock, Logs logs)
    : clock_(clock),
      logs_(std::move(logs)),
      throttle_(options.io_bytes_per_second, clock),
      options_(options) {
  StartThreads(options.threads);
}

CleanerPool::~CleanerPool() { Stop(); }

void CleanerPool::Stop() {
  throttle_.Stop();
  for (std::thread& thread : std::exchange(threads_, {})) thread.join();
}

void CleanerPool::SetOptions(const CleanerOptions& options) {
  {
    MutexLock lock(mutex_);
    options_ = options;
  }
  throttle_.SetRate(options.io_bytes_per_second);
  StartThreads(options.threads);
}

void CleanerPool::StartThreads(int count) {
  for (int i = static_cast<int>(threads_.size()); i < count; ++i) {
    threads_.emplace_back([this, i] { Run(i); });
  }
}

CleanerOptions CleanerPool::options() const {
  MutexLock lock(mutex_);
  return options_;
}

void CleanerPool::Run(int index) {
  while (!throttle_.stopped()) {
    const bool wanted = index < options().threads;
    if (!wanted || !CleanDirtiest()) throttle_.Pause(options().backoff);
  }
}

bool CleanerPool::CleanDirtiest() {
  const std::optional<Candidate> dirtiest = TakeDirtiest();
  if (!dirtiest) return false;
  Clean(*dirtiest);
  Unclaim(*dirtiest->log);
  return true;
}

std::optional<CleanerPool::Candidate> CleanerPool::TakeDirtiest() {
  ForgetDropped();
  std::optional<Candidate> dirtiest;
  for (const std::shared_ptr<RocksPartitionLog>& log : logs_()) {
    if (throttle_.stopped()) break;
    if (!Claim(log)) continue;
    Result<std::optional<CleanableRange>> range = LookAt(*log);
    if (!range) ReportFailure(*log, range.error());
    const bool best =
        range && *range && (!dirtiest || (*range)->dirty_ratio() > dirtiest->range.dirty_ratio());
    if (!best) {
      Unclaim(*log);
      continue;
    }
    if (dirtiest) Unclaim(*dirtiest->log);
    dirtiest = Candidate{.log = log, .range = **range};
  }
  return dirtiest;
}

Result<std::optional<CleanableRange>> CleanerPool::LookAt(RocksPartitionLog& log) {
  const RocksPartitionLog::CleaningView view = log.cleaning_view();
  NotePolicy(log, view);
  if (!view.config.cleanup_compact || view.family == nullptr ||
      view.first_dirty >= view.offsets.log_end) {
    return std::nullopt;
  }
  GNEISS_RETURN_IF_ERROR(RollIfDue(log, view));
  GNEISS_ASSIGN_OR_RETURN(
      const CleanableRange range,
      FindCleanable(view.family, view.config, view.offsets, view.first_dirty, clock_.WallMs()));
  {
    MutexLock lock(mutex_);
    CleaningStatus& status = *entries_[&log].status;
    status.dirty_bytes = range.dirty_bytes;
    status.dirty_ratio = range.dirty_ratio();
  }
  if (!IsDue(range, view.config)) return std::nullopt;
  return range;
}

void CleanerPool::NotePolicy(const RocksPartitionLog& log,
                             const RocksPartitionLog::CleaningView& view) {
  MutexLock lock(mutex_);
  std::optional<CleaningStatus>& status = entries_[&log].status;
  if (!view.config.cleanup_compact) return status.reset();
  if (!status) status.emplace();
  status->first_dirty = view.first_dirty;
}

// By the timestamps of records, as Kafka rolls segments; for those that have none, or one of the
// future, the time counts for which the cleaner has seen them.
Status CleanerPool::RollIfDue(RocksPartitionLog& log, const RocksPartitionLog::CleaningView& view) {
  GNEISS_ASSIGN_OR_RETURN(const MemoryStart memory,
                          FindMemoryStart(view.family, view.offsets.log_end));
  if (memory.empty) return {};
  const TimestampMs now = clock_.WallMs();
  TimestampMs since = memory.timestamp;
  {
    MutexLock lock(mutex_);
    Entry& entry = entries_[&log];
    if (entry.memory_start != memory.base_offset) entry.memory_since = now;
    entry.memory_start = memory.base_offset;
    if (since <= 0 || since > now) since = entry.memory_since;
  }
  std::uint64_t bytes = 0;
  view.family->db().GetIntProperty(view.family->handle(),
                                   rocksdb::DB::Properties::kCurSizeAllMemTables, &bytes);
  const bool full = bytes >= static_cast<std::uint64_t>(view.config.segment_bytes);
  if (!full && now - since < RollAfterMs(view.config)) return {};
  rocksdb::FlushOptions options;
  options.allow_write_stall = true;  // else it waits until none is to be feared
  return FromRocks(view.family->db().Flush(options, view.family->handle()),
                   "flush " + view.family->name());
}

void CleanerPool::Clean(const Candidate& candidate) {
  const CleanerOptions present = options();
  const std::size_t key_map_bytes =
      present.key_map_bytes / static_cast<std::size_t>(std::max(present.threads, 1));
  const auto cleaned =
      LogCleaner(key_map_bytes, throttle_, clock_).Clean(*candidate.log, candidate.range);
  if (cleaned) {
    ReportClean(*candidate.log, *cleaned);
  } else {
    ReportFailure(*candidate.log, cleaned.error());
  }
}

bool CleanerPool::Claim(const std::shared_ptr<RocksPartitionLog>& log) {
  MutexLock lock(mutex_);
  Entry& entry = entries_[log.get()];
  entry.log = log;
  if (entry.busy || clock_.Now() < entry.retry_at) return false;
  entry.busy = true;
  return true;
}

void CleanerPool::Unclaim(const RocksPartitionLog& log) {
  MutexLock lock(mutex_);
  entries_[&log].busy = false;
}

void CleanerPool::ReportFailure(const RocksPartitionLog& log, const Error& error) {
  // Stopped, or the partition was deleted: no failure.
  if (error.code == Errc::kShuttingDown || error.code == Errc::kNotFound) return;
  MutexLock lock(mutex_);
  Entry& entry = entries_[&log];
  entry.retry_at = clock_.Now() + options_.backoff;
  if (error.code == Errc::kWouldBlock) return;  // its files are being compacted: soon
  if (!entry.status) return;                    // its policy has changed meanwhile
  if (entry.status->uncleanable != error.detail) {
    LOG(ERROR) << "partition cannot be compacted and is tried again partition="
               << log.topic_partition() << " first_dirty=" << entry.status->first_dirty
               << " error=" << error.detail;
  }
  entry.status->uncleanable = error.detail;
}

void CleanerPool::ReportClean(const RocksPartitionLog& log, const LogCleaner::Stats& stats) {
  MutexLock lock(mutex_);
  ++counters_.cleans;
  counters_.bytes_read += stats.bytes_read;
  counters_.bytes_written += stats.bytes_written;
  if (std::optional<CleaningStatus>& status = entries_[&log].status; status) {
    if (!std::exchange(status->uncleanable, {}).empty()) {
      LOG(INFO) << "partition can be compacted again partition=" << log.topic_partition();
    }
    status->first_dirty = stats.first_dirty;
    status->dirty_bytes = 0;
    status->dirty_ratio = 0;
    ++status->cleans;
  }
  LOG(INFO) << "compacted partition=" << log.topic_partition() << " up_to=" << stats.first_dirty
            << " keys=" << stats.keys << " bytes_before=" << stats.bytes_before
            << " bytes_after=" << stats.bytes_after << " bytes_written=" << stats.bytes_written;
}

void CleanerPool::ForgetDropped() {
  MutexLock lock(mutex_);
  std::erase_if(entries_, [](const auto& known) { return known.second.log.expired(); });
}

std::optional<CleaningStatus> CleanerPool::StatusOf(const RocksPartitionLog& log) const {
  MutexLock lock(mutex_);
  const auto known = entries_.find(&log);
  return known == entries_.end() ? std::nullopt : known->second.status;
}

CleanerStats CleanerPool::stats() const {
  MutexLock lock(mutex_);
  CleanerStats stats = counters_;
  for (const auto& [log, entry] : entries_) {
    if (entry.status && !entry.status->uncleanable.empty()) ++stats.uncleanable;
  }
  return stats;
}

}  // namespace gneiss::engine
