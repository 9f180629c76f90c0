// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "engine/format.h"
#include "engine/housekeeping/attention_list.h"
#include "engine/housekeeping/housekeeping_stats.h"
#include "engine/housekeeping/log_keeper.h"
#include "protocol/base/clock.h"
#include "protocol/base/mutex.h"

namespace gneiss::engine {

// Housekeeper applies retention to all partitions of an engine and joins their small files, on one
// thread. Every check interval it looks at every partition, and at once at those on the attention
// list; every few seconds it tends the files of those that were flushed or compacted since.
//
// The moves of all log starts of a look join one fsync; files are dropped after that, so a power
// cut never finds a log start above a hole. Threads: any; Stop comes before the stores stop.
class Housekeeper {
 public:
  struct Options {
    Clock* clock = &Clock::System();
    std::chrono::milliseconds check_interval{300'000};
  };

  explicit Housekeeper(Options options);
  ~Housekeeper();  // as Stop
  Housekeeper(const Housekeeper&) = delete;
  Housekeeper& operator=(const Housekeeper&) = delete;

  const std::shared_ptr<AttentionList>& attention() const { return attention_; }
  void Add(const std::shared_ptr<RocksPartitionLog>& log) EXCLUDES(mutex_);
  void Stop();

  // What the thread does every check interval, and all merging that is to be done besides. For
  // tests and measurements, which have their own time.
  void LookAtAll() EXCLUDES(work_mutex_);

  HousekeepingStats stats() const EXCLUDES(mutex_);

 private:
  using Keepers = std::map<format::PartitionRef, LogKeeper>;
  struct Moved {
    TopicPartition tp;
    Offset from, to;
    LogStartReason reason;
    std::int64_t bytes = -1;
  };

  void Run();
  void MakeRound() EXCLUDES(work_mutex_);
  void TakeArrivals() REQUIRES(work_mutex_) EXCLUDES(mutex_);
  void LookAt(const AttentionList::Listed& listed) EXCLUDES(work_mutex_);
  // At the space of all `keepers`, at the retention of those `judged`.
  void LookAtKeepers(const std::vector<LogKeeper*>& keepers, const std::vector<LogKeeper*>& judged)
      REQUIRES(work_mutex_);
  static std::vector<Moved> TakeForeignMoves(const std::vector<LogKeeper*>& keepers);
  std::vector<Moved> MoveLogStarts(const std::vector<LogKeeper*>& keepers) REQUIRES(work_mutex_);
  bool Tend(std::chrono::nanoseconds budget) EXCLUDES(work_mutex_);
  std::vector<LogKeeper*> AllKeepers() REQUIRES(work_mutex_);
  void Publish() REQUIRES(work_mutex_) EXCLUDES(mutex_);
  static void Log(const std::vector<Moved>& moves);

  const Options options_;
  const std::shared_ptr<AttentionList> attention_ = std::make_shared<AttentionList>();

  // Held for a whole look; never by anybody who must not wait for the disk.
  Mutex work_mutex_;
  Keepers keepers_ GUARDED_BY(work_mutex_);
  HousekeepingStats counting_ GUARDED_BY(work_mutex_);
  std::optional<format::PartitionRef> tended_ GUARDED_BY(work_mutex_);  // last, when time was up

  mutable Mutex mutex_;
  std::vector<std::weak_ptr<RocksPartitionLog>> arrivals_ GUARDED_BY(mutex_);
  HousekeepingStats stats_ GUARDED_BY(mutex_);

  std::thread thread_;  // last: it uses all of the above
};

}  // namespace gneiss::engine
