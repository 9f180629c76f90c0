// SPDX-License-Identifier: Apache-2.0
#include "engine/housekeeping/housekeeper.h"

#include <glog/logging.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <utility>

#include "engine/fault_point.h"

namespace gneiss::engine {
namespace {

using std::chrono::milliseconds;

// Kafka's: a start has better things to do.
constexpr milliseconds kFirstRoundMax{30'000};
// How often flushed partitions are looked at for files to drop or to join.
constexpr milliseconds kTendInterval{5'000};
// Merging pauses after so long for partitions that want attention.
constexpr milliseconds kTendBudget{1'000};
// Between two looks at the attention list: what comes meanwhile shares an fsync.
constexpr milliseconds kAttentionPause{100};
// More log starts than this that move at once are summed up in one line.
constexpr std::size_t kLinesMax = 20;

// Waits for the answers to all moves that were started.
class Answers {
 public:
  void Expect() {
    MutexLock lock(mutex_);
    ++missing_;
  }
  void Take() {
    MutexLock lock(mutex_);
    if (--missing_ == 0) all_.NotifyAll();
  }
  void Wait() {
    MutexLock lock(mutex_);
    while (missing_ > 0) all_.Wait(mutex_);
  }

 private:
  Mutex mutex_;
  CondVar all_;
  int missing_ GUARDED_BY(mutex_) = 0;
};

}  // namespace

Housekeeper::Housekeeper(Options options) : options_(options), thread_([this] { Run(); }) {}

Housekeeper::~Housekeeper() { Stop(); }

void Housekeeper::Stop() {
  attention_->Stop();
  if (thread_.joinable()) thread_.join();
}

void Housekeeper::Add(const std::shared_ptr<RocksPartitionLog>& log) {
  MutexLock lock(mutex_);
  arrivals_.push_back(log);
}

HousekeepingStats Housekeeper::stats() const {
  MutexLock lock(mutex_);
  return stats_;
}

void Housekeeper::Run() {
  using Steady = std::chrono::steady_clock;
  auto next_round = Steady::now() + std::min(options_.check_interval, kFirstRoundMax);
  auto next_tending = Steady::now() + kTendInterval;
  while (true) {
    const auto wake = attention_->Wait(std::min(next_round, next_tending) - Steady::now());
    if (wake == AttentionList::Wake::kStopped) return;
    if (wake == AttentionList::Wake::kAttention) {
      LookAt(attention_->Take());
      attention_->Pause(kAttentionPause);
    }
    if (Steady::now() >= next_round) {
      MakeRound();
      next_round = Steady::now() + options_.check_interval;
    }
    if (Steady::now() >= next_tending) {
      const bool finished = Tend(kTendBudget);
      next_tending = Steady::now() + (finished ? kTendInterval : milliseconds(0));
    }
  }
}

void Housekeeper::MakeRound() {
  MutexLock work(work_mutex_);
  TakeArrivals();
  const std::vector<LogKeeper*> all = AllKeepers();
  LookAtKeepers(all, all);
  ++counting_.rounds;
  Publish();
}

void Housekeeper::LookAtAll() {
  MakeRound();
  Tend(std::chrono::nanoseconds::max());
}

void Housekeeper::LookAt(const AttentionList::Listed& listed) {
  MutexLock work(work_mutex_);
  TakeArrivals();
  std::vector<LogKeeper*> keepers, judged;
  for (const auto& [ref, look] : listed) {
    const auto known = keepers_.find(ref);
    if (known == keepers_.end()) continue;
    keepers.push_back(&known->second);
    if (look == AttentionList::Look::kRetention) judged.push_back(&known->second);
  }
  LookAtKeepers(keepers, judged);
  Publish();
}

void Housekeeper::TakeArrivals() {
  std::vector<std::weak_ptr<RocksPartitionLog>> arrivals;
  {
    MutexLock lock(mutex_);
    arrivals.swap(arrivals_);
  }
  for (const auto& arrived : arrivals) {
    const std::shared_ptr<RocksPartitionLog> log = arrived.lock();
    if (log == nullptr) continue;
    keepers_.erase(log->ref());
    keepers_.emplace(log->ref(), LogKeeper(log));
  }
}

std::vector<LogKeeper*> Housekeeper::AllKeepers() {
  std::erase_if(keepers_, [](const auto& entry) { return entry.second.log_is_gone(); });
  std::vector<LogKeeper*> all;
  for (auto& [ref, keeper] : keepers_) all.push_back(&keeper);
  return all;
}

void Housekeeper::LookAtKeepers(const std::vector<LogKeeper*>& keepers,
                                const std::vector<LogKeeper*>& judged) {
  std::vector<Moved> moves = TakeForeignMoves(keepers);
  std::ranges::move(MoveLogStarts(judged), std::back_inserter(moves));
  Log(moves);
  for (LogKeeper* keeper : keepers) {
    if (attention_->stopped()) return;
    keeper->FitToSegment();
    keeper->DropExpired(counting_);
  }
}

std::vector<Housekeeper::Moved> Housekeeper::TakeForeignMoves(
    const std::vector<LogKeeper*>& keepers) {
  std::vector<Moved> moves;
  for (LogKeeper* keeper : keepers) {
    if (const auto foreign = keeper->TakeForeignMove()) {
      moves.push_back({keeper->topic_partition(), kNoOffset, foreign->offset, foreign->reason});
    }
  }
  return moves;
}

std::vector<Housekeeper::Moved> Housekeeper::MoveLogStarts(const std::vector<LogKeeper*>& keepers) {
  const TimestampMs now = options_.clock->WallMs();
  std::vector<Moved> moves;
  // One per keeper at most: completions write into it from other threads.
  std::vector<Result<Offset>> answers(keepers.size(), Result<Offset>(kNoOffset));
  std::vector<std::pair<std::size_t, RocksPartitionLog::Move>> started;
  Answers pending;
  for (std::size_t i = 0; i < keepers.size() && !attention_->stopped(); ++i) {
    LogKeeper& keeper = *keepers[i];
    const auto move = keeper.Decide(now, options_.check_interval, counting_);
    const std::shared_ptr<RocksPartitionLog> log = move ? keeper.log() : nullptr;
    if (log == nullptr) continue;
    GNEISS_FAULT_POINT("retention.before_move");
    started.emplace_back(i, *move);
    pending.Expect();
    log->MoveLogStart(*move, [&pending, &answer = answers[i]](Result<Offset> moved) {
      answer = std::move(moved);
      pending.Take();
    });
  }
  pending.Wait();
  for (const auto& [i, move] : started) {
    if (!answers[i] || *answers[i] != move.to)
      continue;  // the store refuses, or a client was ahead
    keepers[i]->NoteMove(move.to);
    ++counting_.log_starts_moved;
    counting_.bytes_expired += static_cast<std::uint64_t>(move.bytes);
    moves.push_back({keepers[i]->topic_partition(), move.from, move.to, move.reason, move.bytes});
  }
  return moves;
}

// False when the time was up before all was done.
bool Housekeeper::Tend(std::chrono::nanoseconds budget) {
  const auto began = std::chrono::steady_clock::now();
  const auto time_is_up = [&] {
    return attention_->stopped() || std::chrono::steady_clock::now() - began > budget;
  };
  MutexLock work(work_mutex_);
  TakeArrivals();
  auto at = tended_ ? keepers_.upper_bound(*tended_) : keepers_.begin();
  tended_.reset();
  bool finished = true;
  for (; at != keepers_.end() && finished; ++at) {
    LogKeeper& keeper = at->second;
    if (!keeper.NeedsTending()) continue;
    keeper.DropExpired(counting_);
    while (finished && keeper.Merge(counting_)) finished = !time_is_up();
    if (time_is_up()) finished = false;
    if (!finished) tended_ = at->first;
  }
  Publish();
  return finished;
}

void Housekeeper::Publish() {
  MutexLock lock(mutex_);
  stats_ = counting_;
}

void Housekeeper::Log(const std::vector<Moved>& moves) {
  if (moves.size() <= kLinesMax) {
    for (const Moved& moved : moves) {
      LOG(INFO) << "log start moved partition=" << moved.tp
                << (moved.from == kNoOffset ? "" : " from=" + std::to_string(moved.from.value()))
                << " to=" << moved.to << " reason=" << ToText(moved.reason)
                << (moved.bytes < 0 ? "" : " bytes=" + std::to_string(moved.bytes));
    }
    return;
  }
  std::map<LogStartReason, std::size_t> reasons;
  std::int64_t bytes = 0;
  for (const Moved& moved : moves) {
    ++reasons[moved.reason];
    bytes += std::max<std::int64_t>(moved.bytes, 0);
  }
  std::string counts;
  for (const auto& [reason, count] : reasons) {
    counts += std::string(" ") + ToText(reason) + "=" + std::to_string(count);
  }
  LOG(INFO) << "log starts moved partitions=" << moves.size() << counts << " bytes=" << bytes;
}

}  // namespace gneiss::engine
