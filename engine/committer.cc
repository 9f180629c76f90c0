// SPDX-License-Identifier: Apache-2.0
#include "engine/committer.h"

#include <glog/logging.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "engine/commit_burst.h"
#include "engine/fault_point.h"
#include "engine/rocks_status.h"

namespace gneiss::engine {
namespace {

// A group that somebody waits an fsync for may be larger: the fsync costs more than the copying.
constexpr std::size_t kSyncGroupFactor = 8;
// How often a full disk is looked at again.
constexpr std::chrono::seconds kResumeInterval{1};
// A write buffer that one huge batch has blown up is given back.
constexpr std::size_t kBatchBytesKept = std::size_t{4} << 20;

}  // namespace

Committer::Committer(std::shared_ptr<Family> state, CommitterOptions options)
    : state_(std::move(state)),
      options_(std::move(options)),
      recovery_(state_->db(), state_->handle()),
      thread_([this] { Run(); }) {}

Committer::~Committer() { Stop(); }

Status Committer::HealthLocked() const {
  switch (health_) {
    case Health::kWritable:
      return {};
    case Health::kDiskFull:
      return Fail(Errc::kDiskFull, failure_);
    case Health::kFailed:
      return Fail(Errc::kStorage, failure_);
  }
  return {};
}

Status Committer::health() const {
  MutexLock lock(mutex_);
  return HealthLocked();
}

// Whether what was admitted then may be written now.
Status Committer::RefusalOf(const Admission& admission) const {
  MutexLock lock(mutex_);
  GNEISS_RETURN_IF_ERROR(HealthLocked());
  // Admitted before a failure that is over: what it builds on was lost.
  if (admission.generation != generation_) return Fail(Errc::kStorage, "an earlier write failed");
  return {};
}

Result<Admission> Committer::Admit(std::size_t bytes) {
  MutexLock lock(mutex_);
  if (stopping_) return Fail(Errc::kShuttingDown, "the store is closing");
  GNEISS_RETURN_IF_ERROR(HealthLocked());
  if (bytes != 0 && options_.disk != nullptr && options_.disk->low()) {
    return Fail(Errc::kDiskFull, "the disk is low on space");
  }
  // A single batch larger than the whole queue is still let in when nothing else is there.
  if (admitted_bytes_ != 0 && admitted_bytes_ + bytes > options_.queue_bytes_max) {
    return Fail(Errc::kResourceExhausted, "the commit queue is full");
  }
  admitted_bytes_ += bytes;
  ++outstanding_;
  return Admission{generation_, bytes};
}

void Committer::Withdraw(const Admission& admission) {
  MutexLock lock(mutex_);
  admitted_bytes_ -= admission.bytes;
  --outstanding_;
  WakeThread();
}

void Committer::Enqueue(Commit commit) {
  bool wake = false;
  {
    MutexLock lock(mutex_);
    queue_.push_back(std::move(commit));
    --outstanding_;
    wake = std::exchange(waiting_, false);
  }
  // Outside the lock, or the thread would wake up only to wait for it.
  if (wake && !CommitBurst::TakeOver(*this)) Signal();
}

void Committer::WakeThread() {
  if (std::exchange(waiting_, false)) work_.NotifyOne();
}

void Committer::Park() {
  MutexLock lock(mutex_);
  ++parks_;
  work_.NotifyOne();
  while (!resting_) rested_.Wait(mutex_);
}

void Committer::Unpark() {
  MutexLock lock(mutex_);
  if (--parks_ == 0) work_.NotifyOne();
}

// REQUIRES: somebody has parked the committer.
void Committer::Rest() {
  resting_ = true;
  rested_.NotifyAll();
  while (parks_ > 0) work_.Wait(mutex_);
  resting_ = false;
}

void Committer::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    WakeThread();
  }
  if (thread_.joinable()) thread_.join();
}

Committer::Counters Committer::counters() const {
  MutexLock lock(mutex_);
  return counters_;
}

Committer::Backlog Committer::backlog() const {
  MutexLock lock(mutex_);
  return {.commits = queue_.size(), .bytes = admitted_bytes_};
}

std::uint64_t Committer::NanosecondsSince(TimePoint since) const {
  return static_cast<std::uint64_t>((options_.clock->Now() - since).count());
}

void Committer::Run() {
  std::vector<Commit> group;
  while (true) {
    switch (WaitForTask(group)) {
      case Task::kCommit:
        WriteGroup(group);
        group.clear();
        break;
      case Task::kSync:
        SyncWal();
        break;
      case Task::kResume:
        TryResume();
        break;
      case Task::kIdle:
        if (options_.on_idle) options_.on_idle();
        break;
      case Task::kStop:
        return;
    }
  }
}

Committer::Task Committer::WaitForTask(std::vector<Commit>& group) {
  MutexLock lock(mutex_);
  while (true) {
    if (parks_ > 0) Rest();
    // Under steady load the queue is never empty: a due fsync comes first.
    if (sync_by_.has_value() && options_.clock->Now() >= *sync_by_) return Task::kSync;
    if (!queue_.empty()) {
      TakeGroup(group);
      return Task::kCommit;
    }
    if (Finished()) {
      resting_ = true;  // for good
      rested_.NotifyAll();
      return Task::kStop;
    }
    if (const std::optional<Task> task = Sleep()) return *task;
  }
}

// Until there is something in the queue, or until the time has come for something else. Nothing:
// look again.
std::optional<Committer::Task> Committer::Sleep() {
  waiting_ = true;
  std::optional<Task> task;
  if (health_ == Health::kDiskFull) {
    if (!work_.WaitFor(mutex_, kResumeInterval)) task = Task::kResume;
  } else if (sync_by_.has_value()) {
    work_.WaitFor(mutex_, std::max(*sync_by_ - options_.clock->Now(), TimePoint::duration(1)));
  } else if (written_) {
    if (!work_.WaitFor(mutex_, options_.idle_after)) task = Task::kIdle;
  } else {
    work_.Wait(mutex_);
  }
  waiting_ = false;
  if (!queue_.empty() || Finished()) task.reset();
  if (task == Task::kIdle) written_ = false;
  return task;
}

void Committer::TakeGroup(std::vector<Commit>& group) {
  std::size_t bytes = 0;
  bool sync = false;
  while (!queue_.empty()) {
    Commit& next = queue_.front();
    if (!group.empty() && next.admission.generation != group.front().admission.generation) break;
    sync = sync || next.sync;
    const std::size_t bytes_max = options_.group_bytes_max * (sync ? kSyncGroupFactor : 1);
    if (!group.empty() && bytes + next.admission.bytes > bytes_max) break;
    bytes += next.admission.bytes;
    if (next.sync_by && (!sync_by_ || *next.sync_by < *sync_by_)) sync_by_ = next.sync_by;
    group.push_back(std::move(next));
    queue_.pop_front();
  }
  written_ = true;
}

void Committer::WriteGroup(std::vector<Commit>& group) {
  if (Status refusal = RefusalOf(group.front().admission); !refusal) {
    Complete(group, refusal);
    return;
  }
  rocksdb::WriteOptions options;
  options.sync = std::ranges::any_of(group, &Commit::sync);
  rocksdb::Status written = BuildBatch(group);
  if (options_.disk != nullptr && options_.disk->low()) recovery_.BeforeWrite();
  GNEISS_FAULT_POINT("commit.before_write");
  const TimePoint began = options_.clock->Now();
  if (written.ok()) written = state_->db().Write(options, &batch_);
  const std::uint64_t write_ns = NanosecondsSince(began);
  GNEISS_FAULT_POINT("commit.before_answer");
  if (!written.ok()) Latch(written);
  if (options_.disk != nullptr) options_.disk->Wrote(batch_.GetDataSize());
  {
    MutexLock lock(mutex_);
    ++counters_.groups;
    counters_.commits += group.size();
    counters_.write_ns += write_ns;
    if (options.sync && written.ok()) {
      ++counters_.syncs;
      sync_by_.reset();
    }
  }
  Complete(group, FromRocks(written, "commit"));
}

rocksdb::Status Committer::BuildBatch(const std::vector<Commit>& group) {
  if (batch_.GetDataSize() > kBatchBytesKept) {
    batch_ = rocksdb::WriteBatch();
  } else {
    batch_.Clear();
  }
  for (const Commit& commit : group) {
    if (!commit.batch) continue;
    const Commit::Batch& batch = *commit.batch;
    const rocksdb::Slice key(batch.key.data(), batch.key.size());
    const std::array<rocksdb::Slice, 2> value{ToSlice(batch.header.bytes()),
                                              ToSlice(batch.records.view())};
    const rocksdb::Status status =
        batch_.Put(batch.family->handle(), rocksdb::SliceParts(&key, 1),
                   rocksdb::SliceParts(value.data(), static_cast<int>(value.size())));
    if (!status.ok()) return status;
  }
  AddFacts(group);
  return rocksdb::Status::OK();
}

// A key that several commits of the group write is written once, as the last of them wants it: a
// producer's state changes with each of its batches.
void Committer::AddFacts(const std::vector<Commit>& group) {
  rocksdb::ColumnFamilyHandle* const state = state_->handle();
  std::unordered_set<std::string_view> seen;
  for (auto commit = group.rbegin(); commit != group.rend(); ++commit) {
    for (auto fact = commit->facts.rbegin(); fact != commit->facts.rend(); ++fact) {
      if (group.size() > 1 && !seen.insert(fact->key).second) continue;
      const rocksdb::Status status = fact->value ? batch_.Put(state, fact->key, *fact->value)
                                                 : batch_.Delete(state, fact->key);
      CHECK(status.ok()) << status.ToString();  // only sizes beyond 4 GB fail
    }
  }
  for (const Commit& commit : group) {
    if (commit.cut) {
      const rocksdb::Slice from(commit.cut->from.data(), commit.cut->from.size());
      const rocksdb::Status status =
          batch_.DeleteRange(commit.cut->family->handle(), from, format::kBatchKeysEnd);
      CHECK(status.ok()) << status.ToString();
    }
    if (!commit.erase_prefix) continue;
    const rocksdb::Status status =
        batch_.DeleteRange(state, *commit.erase_prefix, format::PrefixEnd(*commit.erase_prefix));
    CHECK(status.ok()) << status.ToString();
  }
}

void Committer::Complete(std::vector<Commit>& group, const Status& status) {
  std::size_t bytes = 0;
  for (Commit& commit : group) {
    bytes += commit.admission.bytes;
    commit.done(status);
  }
  MutexLock lock(mutex_);
  admitted_bytes_ -= bytes;
}

void Committer::Latch(const rocksdb::Status& status) { Refuse(status, status.IsNoSpace()); }

void Committer::ReportFailure(const rocksdb::Status& status) { Refuse(status, false); }

// `may_pass`: when there is room again.
void Committer::Refuse(const rocksdb::Status& status, bool may_pass) {
  MutexLock lock(mutex_);
  ++generation_;
  const bool full = may_pass && health_ != Health::kFailed;
  health_ = full ? Health::kDiskFull : Health::kFailed;
  failure_ = status.ToString();
  LOG(ERROR) << "store refuses writes path=" << state_->db().GetName() << " error=" << failure_
             << (full ? " until there is room" : " until it is reopened");
  if (full && options_.disk != nullptr) options_.disk->FoundFull();
}

void Committer::TryResume() {
  GNEISS_FAULT_POINT("commit.before_resume");
  if (const rocksdb::Status status = recovery_.Resume(); !status.ok()) {
    if (!status.IsNoSpace()) Latch(status);
    return;
  }
  GNEISS_FAULT_POINT("commit.before_read_back");
  if (options_.on_resume) options_.on_resume();
  {
    MutexLock lock(mutex_);
    health_ = Health::kWritable;
    failure_.clear();
  }
  LOG(INFO) << "store takes writes again path=" << state_->db().GetName();
  if (options_.on_writable) options_.on_writable();
}

void Committer::SyncWal() {
  const TimePoint began = options_.clock->Now();
  bool synced = false;
  if (health()) {
    GNEISS_FAULT_POINT("commit.before_sync");
    const rocksdb::Status status = state_->db().SyncWAL();
    synced = status.ok();
    if (!synced) Latch(status);
  }
  MutexLock lock(mutex_);
  if (synced) ++counters_.syncs;
  counters_.write_ns += NanosecondsSince(began);
  sync_by_.reset();  // a store that has failed is not to be synced any more
}

}  // namespace gneiss::engine
