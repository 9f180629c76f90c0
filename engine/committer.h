// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/write_batch.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engine/database.h"
#include "engine/disk_guard.h"
#include "engine/format.h"
#include "engine/full_disk.h"
#include "protocol/base/clock.h"
#include "protocol/base/mutex.h"
#include "protocol/base/result.h"
#include "protocol/base/shared_bytes.h"
#include "protocol/records/record_batch.h"

namespace gneiss::engine {

// Leave to commit, given by Committer::Admit. What was admitted before a failure is not written
// after it: it may build on what was lost.
struct Admission {
  std::uint64_t generation = 0;
  std::size_t bytes = 0;
};

// One atomic change: a batch, facts, or both.
struct Commit {
  struct Batch {
    std::shared_ptr<Family> family;
    format::BatchKey key{};
    records::StampedHeader header;
    SharedBytes records;  // a slice of the producer's frame
  };
  std::optional<Batch> batch;
  std::vector<format::StateFact> facts;
  std::optional<std::string> erase_prefix;  // of state keys: all that begin so
  // All batches of a family that end at or behind an offset.
  struct Cut {
    std::shared_ptr<Family> family;
    format::BatchKey from{};
  };
  std::optional<Cut> cut{};
  Admission admission;
  bool sync = false;                   // completes only after an fsync
  std::optional<TimePoint> sync_by{};  // an fsync is due by then, but nobody waits for it
  // Runs once on the committer's thread, in the order of Enqueue. Must not block.
  std::move_only_function<void(const Status&)> done;
};

struct CommitterOptions {
  std::size_t queue_bytes_max = std::size_t{256} << 20;
  std::size_t group_bytes_max = std::size_t{1} << 20;  // beyond it joining gains nothing
  Clock* clock = &Clock::System();
  std::shared_ptr<DiskGuard> disk = nullptr;  // that of the volume; may be none
  // Called on the committer's thread when writing is possible again after a full disk, before new
  // work is admitted: whoever holds state that ran ahead of the disk reads it back.
  std::function<void()> on_resume = nullptr;
  // Called on the committer's thread after that, when work is admitted again.
  std::function<void()> on_writable = nullptr;
  // Called on the committer's thread once when nothing was written for a while.
  std::chrono::milliseconds idle_after{10'000};
  std::function<void()> on_idle = nullptr;
};

// Committer is the one writer of a store: it joins what is queued into one WriteBatch, writes it
// once, with one fsync if anyone in the group needs it, and completes in order.
//
// After a failed write or fsync nobody knows what is on disk, so a later success would prove
// nothing: everything is refused with kStorage until the store is opened again; reads go on. A full
// disk is milder: work is refused with kDiskFull, and admitted again once RocksDB has resumed.
// Threads: any; completions run on its own thread.
class Committer {
 public:
  Committer(std::shared_ptr<Family> state, CommitterOptions options);
  ~Committer();  // as Stop
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  // Asks for room for `bytes` of records; facts alone are 0 and are let in on a disk that is low on
  // space, for they are what makes room. Errors: kStorage, kDiskFull, kResourceExhausted (the queue
  // is full), kShuttingDown. Every admission is either enqueued or withdrawn.
  Result<Admission> Admit(std::size_t bytes) EXCLUDES(mutex_);
  void Withdraw(const Admission& admission) EXCLUDES(mutex_);

  // REQUIRES: commit.admission came from Admit, commit.done is set. Wakes the thread, or leaves
  // that to the caller's CommitBurst.
  void Enqueue(Commit commit) EXCLUDES(mutex_);

  // From the return of Park until Unpark nothing is written: what is enqueued meanwhile waits. For
  // a cut over several stores; keep it to milliseconds. Calls nest.
  void Park() EXCLUDES(mutex_);
  void Unpark() EXCLUDES(mutex_);

  // Writes what was admitted, waiting for what is not enqueued yet, then ends the thread.
  void Stop() EXCLUDES(mutex_);

  // Somebody else's write to the store has failed for good: as if it had been one of here.
  void ReportFailure(const rocksdb::Status& status) EXCLUDES(mutex_);

  // OK as long as no write or fsync has failed for good. Afterwards the WAL must not be touched:
  // RocksDB as packaged asserts that nobody writes to a file behind an error.
  Status health() const EXCLUDES(mutex_);

  struct Counters {
    std::uint64_t commits = 0;
    std::uint64_t groups = 0;
    std::uint64_t syncs = 0;
    std::uint64_t write_ns = 0;  // in RocksDB's Write and SyncWAL
  };
  Counters counters() const EXCLUDES(mutex_);
  struct Backlog {
    std::size_t commits = 0;
    std::size_t bytes = 0;  // admitted, with what is being written
  };
  Backlog backlog() const EXCLUDES(mutex_);

 private:
  friend class CommitBurst;
  enum class Health { kWritable, kDiskFull, kFailed };

  void Run();
  // What the thread is to do next.
  enum class Task { kCommit, kSync, kResume, kIdle, kStop };
  Task WaitForTask(std::vector<Commit>& group) EXCLUDES(mutex_);
  std::optional<Task> Sleep() REQUIRES(mutex_);
  void Rest() REQUIRES(mutex_);
  void TakeGroup(std::vector<Commit>& group) REQUIRES(mutex_);
  void WriteGroup(std::vector<Commit>& group) EXCLUDES(mutex_);
  rocksdb::Status BuildBatch(const std::vector<Commit>& group);
  void AddFacts(const std::vector<Commit>& group);
  void Complete(std::vector<Commit>& group, const Status& status) EXCLUDES(mutex_);
  void Latch(const rocksdb::Status& status) EXCLUDES(mutex_);
  void Refuse(const rocksdb::Status& status, bool may_pass) EXCLUDES(mutex_);
  void TryResume() EXCLUDES(mutex_);
  void SyncWal() EXCLUDES(mutex_);
  Status HealthLocked() const REQUIRES(mutex_);
  Status RefusalOf(const Admission& admission) const EXCLUDES(mutex_);
  std::uint64_t NanosecondsSince(TimePoint since) const;
  void WakeThread() REQUIRES(mutex_);
  void Signal() { work_.NotifyOne(); }
  bool Finished() const REQUIRES(mutex_) {
    return stopping_ && queue_.empty() && outstanding_ == 0;
  }

  const std::shared_ptr<Family> state_;
  const CommitterOptions options_;
  FullDiskRecovery recovery_;  // committer thread only
  rocksdb::WriteBatch batch_;  // committer thread only; keeps its buffer from group to group

  mutable Mutex mutex_;
  CondVar work_;
  CondVar rested_;
  std::deque<Commit> queue_ GUARDED_BY(mutex_);
  std::size_t admitted_bytes_ GUARDED_BY(mutex_) = 0;
  int outstanding_ GUARDED_BY(mutex_) = 0;  // admitted, not yet enqueued or withdrawn
  std::uint64_t generation_ GUARDED_BY(mutex_) = 0;
  Health health_ GUARDED_BY(mutex_) = Health::kWritable;
  std::string failure_ GUARDED_BY(mutex_);  // what happened, while not kWritable
  bool stopping_ GUARDED_BY(mutex_) = false;
  bool waiting_ GUARDED_BY(mutex_) = false;  // the thread sleeps and wants a signal
  int parks_ GUARDED_BY(mutex_) = 0;
  bool resting_ GUARDED_BY(mutex_) = false;  // the thread writes nothing until parks_ is 0
  std::optional<TimePoint> sync_by_ GUARDED_BY(mutex_);
  bool written_ GUARDED_BY(mutex_) = false;  // something, since on_idle was called
  Counters counters_ GUARDED_BY(mutex_);

  std::thread thread_;  // last: it uses all of the above
};

}  // namespace gneiss::engine
