// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engine/cleaner/cleaning_status.h"
#include "engine/cleaner/log_cleaner.h"
#include "engine/cleaner/throttle.h"
#include "engine/engine.h"
#include "engine/format.h"
#include "engine/rocks_partition_log.h"
#include "protocol/base/mutex.h"

namespace gneiss::engine {

// CleanerPool runs log compaction for all partitions with cleanup.policy=compact: its threads
// (log.cleaner.threads) take the one with the greatest dirty ratio that is due, one after the
// other, and look again every log.cleaner.backoff.ms. It also flushes what has been in memory for
// segment.ms, or is as long as segment.bytes, so that it can be compacted.
//
// A partition whose clean fails is reported by one line and in its status, and tried again after
// the backoff, for ever. Threads: any.
class CleanerPool {
 public:
  using Logs = std::function<std::vector<std::shared_ptr<RocksPartitionLog>>()>;

  // `logs` gives the partitions there are; it is called on the pool's threads.
  CleanerPool(const CleanerOptions& options, Clock& clock, Logs logs);
  ~CleanerPool();  // as Stop

  // Takes up other settings: at once, but for a partition that is being cleaned, which keeps the
  // size of its key map. Threads that are too many go idle. Not together with Stop.
  void SetOptions(const CleanerOptions& options) EXCLUDES(mutex_);

  // Ends the threads; what is being cleaned is left as it is. At the latest when the piece of 64 MB
  // that RocksDB is writing is done.
  void Stop();

  // Looks at all partitions, and cleans the dirtiest that is due. False if none was.
  bool CleanDirtiest() EXCLUDES(mutex_);

  // Nothing for a partition that is not compacted, or that was not looked at yet.
  std::optional<CleaningStatus> StatusOf(const RocksPartitionLog& log) const EXCLUDES(mutex_);
  CleanerStats stats() const EXCLUDES(mutex_);

 private:
  struct Entry {
    std::optional<CleaningStatus> status;
    std::weak_ptr<RocksPartitionLog> log;
    bool busy = false;  // a thread looks at it or cleans it
    TimePoint retry_at{};
    Offset memory_start = kNoOffset;  // as last seen, and since when
    TimestampMs memory_since = kNoTimestamp;
  };
  struct Candidate {
    std::shared_ptr<RocksPartitionLog> log;
    CleanableRange range;
  };

  void Run(int index);
  void StartThreads(int count);
  CleanerOptions options() const EXCLUDES(mutex_);
  std::optional<Candidate> TakeDirtiest() EXCLUDES(mutex_);
  // What there is to clean in the log; nothing when it is not due.
  Result<std::optional<CleanableRange>> LookAt(RocksPartitionLog& log) EXCLUDES(mutex_);
  Status RollIfDue(RocksPartitionLog& log, const RocksPartitionLog::CleaningView& view)
      EXCLUDES(mutex_);
  void Clean(const Candidate& candidate) EXCLUDES(mutex_);
  bool Claim(const std::shared_ptr<RocksPartitionLog>& log) EXCLUDES(mutex_);
  void Unclaim(const RocksPartitionLog& log) EXCLUDES(mutex_);
  void ReportFailure(const RocksPartitionLog& log, const Error& error) EXCLUDES(mutex_);
  void ReportClean(const RocksPartitionLog& log, const LogCleaner::Stats& stats) EXCLUDES(mutex_);
  void NotePolicy(const RocksPartitionLog& log, const RocksPartitionLog::CleaningView& view)
      EXCLUDES(mutex_);
  void ForgetDropped() EXCLUDES(mutex_);

  Clock& clock_;
  const Logs logs_;
  Throttle throttle_;

  mutable Mutex mutex_;
  CleanerOptions options_ GUARDED_BY(mutex_);
  std::map<const RocksPartitionLog*, Entry> entries_ GUARDED_BY(mutex_);
  CleanerStats counters_ GUARDED_BY(mutex_);

  std::vector<std::thread> threads_;  // last: they use all of the above
};

}  // namespace gneiss::engine
