// SPDX-License-Identifier: Apache-2.0
#include "engine/rocks_partition_log.h"

#include <glog/logging.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <limits>
#include <utility>

#include "engine/batch_cursor.h"
#include "engine/commit_burst.h"
#include "engine/fault_point.h"
#include "engine/partition_reader.h"
#include "engine/time_lookup.h"
#include "protocol/records/control_record.h"
#include "protocol/records/record_iterator.h"

namespace gneiss::engine {
namespace {

// How often a partition that is written to looks for producers that have gone (as Kafka does).
constexpr std::int64_t kProducerCheckIntervalMs = 600'000;
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

// The marker that a control batch of a transaction coordinator holds.
Result<std::optional<records::TransactionMarker>> ReadMarker(const records::ValidatedBatch& batch) {
  if (!batch.header.is_control() || !batch.header.has_producer_id()) return std::nullopt;
  std::string whole(AsText(batch.stamped.bytes()));
  whole.append(batch.records.text());
  GNEISS_ASSIGN_OR_RETURN(const auto view, records::RecordBatchView::Parse(AsBytes(whole)));
  GNEISS_ASSIGN_OR_RETURN(auto records, records::RecordIterator::Open(view));
  GNEISS_ASSIGN_OR_RETURN(const auto record, records.Next());
  if (!record) return Fail(Errc::kInvalidRecord, "a control batch without a record");
  GNEISS_ASSIGN_OR_RETURN(const auto marker, records::TransactionMarker::Parse(*record));
  return marker;
}

}  // namespace

RocksPartitionLog::RocksPartitionLog(Place place, const LogConfig& config)
    : place_(std::move(place)),
      ref_{place_.topic_id, place_.tp.partition},
      config_(config),
      producers_checked_(place_.clock->WallMs()) {}

Result<std::shared_ptr<RocksPartitionLog>> RocksPartitionLog::Open(Place place,
                                                                   const LogConfig& config) {
  std::shared_ptr<RocksPartitionLog> log(new RocksPartitionLog(std::move(place), config));
  Store& store = *log->place_.store;
  // The metadata has it now, whether or not its state can be read.
  store.clones().End(log->ref_, store.committer());
  {
    MutexLock lock(log->mutex_);
    log->family_ = store.FindFamily(log->ref_);
    GNEISS_RETURN_IF_ERROR(log->ReadBackLocked(log->place_.ended_at));
    log->records_lost_at_open_ = log->state_.next_offset() - log->state_.found_end();
    log->FillGap();
  }
  store.Register(log);
  return log;
}

Status RocksPartitionLog::ReadBackLocked(Offset ended_at) {
  const auto gaps =
      config_.cleanup_compact ? PartitionState::Gaps::kCompacted : PartitionState::Gaps::kLost;
  Result<PartitionState> loaded =
      PartitionState::Load(place_.store->state(), family_.get(), ref_, gaps, ended_at);
  damaged_ = !loaded;
  if (!loaded) return std::unexpected(std::move(loaded.error()));
  // An epoch in which nothing was written yet is in memory only.
  const LeaderEpoch epoch = state_.epochs().latest();
  state_ = std::move(*loaded);
  state_.BeginEpoch(epoch);
  if (family_ != nullptr) family_->rules()->DropBelow(state_.log_start());
  log_end_ = state_.next_offset();
  recent_times_ = RecentTimes(log_end_);
  RaiseHighWatermark(log_end_);
  return {};
}

// Where records were lost at the end stands a batch without records, as log compaction leaves them:
// readers step over it. Without it one that reads up to the end would wait there for the next
// record.
void RocksPartitionLog::FillGap() {
  const Offset from = state_.found_end(), to = state_.next_offset();
  if (family_ == nullptr || from == to) return;
  if (to - from > std::numeric_limits<std::int32_t>::max()) return;  // no batch is that long
  Result<Admission> admission = place_.store->committer().Admit(0);
  if (!admission) return;  // at the next start, then
  records::BatchHeader header;
  header.base_offset = from;
  header.last_offset_delta = static_cast<std::int32_t>(to - from - 1);
  header.leader_epoch = state_.epochs().latest();
  Commit commit;
  commit.batch = Commit::Batch{.family = family_,
                               .key = format::EncodeBatchKey(header.last_offset()),
                               .header = records::StampedHeader(header),
                               .records = {}};
  commit.batch->header.Seal({});
  commit.admission = *admission;
  commit.done = [](const Status&) {};
  place_.store->committer().Enqueue(std::move(commit));
}

void RocksPartitionLog::ReadBack() {
  Offset high_watermark;
  {
    MutexLock lock(mutex_);
    if (dropped_ || closed_) return;
    if (Status status = ReadBackLocked(place_.ended_at); !status) {
      LOG(ERROR) << "partition is offline partition=" << place_.tp
                 << " error=" << status.error().detail;
    }
    high_watermark = high_watermark_;
  }
  // What a failed write has left may be there after all.
  watchers_.Raise(high_watermark);
}

LogOffsets RocksPartitionLog::offsets() const {
  MutexLock lock(mutex_);
  return OffsetsLocked();
}

LogOffsets RocksPartitionLog::OffsetsLocked() const {
  return {.log_start = state_.log_start(),
          .last_stable = std::max(last_stable_, state_.log_start()),
          .high_watermark = high_watermark_,
          .log_end = log_end_};
}

LeaderEpoch RocksPartitionLog::leader_epoch() const {
  MutexLock lock(mutex_);
  return state_.epochs().latest();
}

void RocksPartitionLog::SetConfig(const LogConfig& config) {
  {
    MutexLock lock(mutex_);
    if (config == config_) return;
    config_ = config;
  }
  AskForAttention(AttentionList::Look::kRetention);
}

Status RocksPartitionLog::BeginLeaderEpoch(LeaderEpoch epoch) {
  MutexLock lock(mutex_);
  GNEISS_RETURN_IF_ERROR(CheckOpen());
  state_.BeginEpoch(epoch);
  return {};
}

Status RocksPartitionLog::CheckOpen() const {
  if (dropped_) return Fail(Errc::kNotFound, "the partition was deleted");
  if (closed_) return Fail(Errc::kShuttingDown, "the engine is closed");
  if (damaged_) return Fail(Errc::kStorage, "the partition's state could not be read back");
  return {};
}

// ---- Append ----

void RocksPartitionLog::Append(records::ValidatedBatch batch, AppendDone done) {
  const CommitBurst burst;  // the committer is woken when the partition's mutex is free
  std::optional<Result<AppendResult>> answer = TryAppend(batch, done);
  if (answer) done(std::move(*answer));
}

std::optional<Result<AppendResult>> RocksPartitionLog::TryAppend(records::ValidatedBatch& batch,
                                                                 AppendDone& done) {
  Result<Marker> marker = ReadMarker(batch);
  if (!marker) return std::unexpected(std::move(marker.error()));

  MutexLock lock(mutex_);
  if (Status open = CheckOpen(); !open) return std::unexpected(std::move(open.error()));
  // First of all: while the store refuses writes, what is in memory may be ahead of the disk, and a
  // retry of what was lost would pass for a duplicate.
  Committer& committer = place_.store->committer();
  Result<Admission> admission = committer.Admit(batch.size_in_bytes());
  if (!admission) return std::unexpected(std::move(admission.error()));
  if (batch.header.has_producer_id()) {
    const auto verdict = state_.producers().Check(batch.header);
    if (!verdict || *verdict) committer.Withdraw(*admission);
    if (!verdict) return std::unexpected(verdict.error());
    if (*verdict) return AnswerDuplicate(**verdict, batch, done);
  }

  const AppendResult result{.base_offset = state_.next_offset(),
                            .last_offset = state_.next_offset() + batch.header.last_offset_delta,
                            .log_start_offset = state_.log_start(),
                            .log_append_time = batch.log_append_time};
  const CommittedBatch committed{result, batch.size_in_bytes(), batch.header.max_timestamp};
  Commit commit = MakeCommit(std::move(batch), *marker, *admission);
  commit.done = [self = shared_from_this(), committed, done = std::move(done)](
                    const Status& status) mutable { self->Committed(committed, status, done); };
  Submit(std::move(commit));
  return std::nullopt;
}

// A retry is answered like its original: at once if that is in the log, else together with it.
std::optional<Result<AppendResult>> RocksPartitionLog::AnswerDuplicate(
    const ProducerState::Duplicate& duplicate, const records::ValidatedBatch& batch,
    AppendDone& done) {
  const bool log_append_time = batch.log_append_time != kNoTimestamp;
  const AppendResult result{.base_offset = duplicate.base_offset,
                            .last_offset = duplicate.last_offset,
                            .log_start_offset = state_.log_start(),
                            .log_append_time = log_append_time ? duplicate.timestamp : kNoTimestamp,
                            .duplicate = true};
  if (duplicate.last_offset < log_end_) return result;
  duplicates_.push_back({duplicate.last_offset, result, std::move(done)});
  return std::nullopt;
}

// Gives the batch its offsets. From here on the state in memory holds it.
Commit RocksPartitionLog::MakeCommit(records::ValidatedBatch batch, const Marker& marker,
                                     const Admission& admission) {
  const TimestampMs now = place_.clock->WallMs();
  records::BatchHeader& header = batch.header;
  Commit commit;
  commit.facts = state_.Append(header, marker, now);
  if (header.has_producer_id()) ForgetIdleProducers(now, commit.facts);
  batch.stamped.SetBaseOffset(header.base_offset);
  batch.stamped.SetLeaderEpoch(header.leader_epoch);
  commit.admission = admission;
  commit.batch = Commit::Batch{.family = family_,
                               .key = format::EncodeBatchKey(header.last_offset()),
                               .header = batch.stamped,
                               .records = std::move(batch.records)};
  ScheduleSync(header, commit);
  return commit;
}

void RocksPartitionLog::ForgetIdleProducers(TimestampMs now, StateFacts& facts) {
  if (now - producers_checked_ < kProducerCheckIntervalMs) return;
  producers_checked_ = now;
  state_.ForgetIdleProducers(now - config_.producer_id_expiration_ms, facts);
}

// flush.messages counts records since the last fsync that this partition asked for; the append
// that reaches it waits for one, as in Kafka. flush.ms makes one happen in time.
void RocksPartitionLog::ScheduleSync(const records::BatchHeader& header, Commit& commit) {
  unsynced_records_ += std::int64_t{header.last_offset_delta} + 1;
  if (unsynced_records_ >= config_.flush_messages) {
    commit.sync = true;
    unsynced_records_ = 0;
  } else if (config_.flush_ms < std::numeric_limits<std::int32_t>::max()) {
    commit.sync_by = place_.clock->Now() + std::chrono::milliseconds(config_.flush_ms);
  }
}

void RocksPartitionLog::Submit(Commit commit) {
  if (family_ != nullptr) {
    if (!state_.bound()) AddBinding(commit);
    place_.store->committer().Enqueue(std::move(commit));
    return;
  }
  waiting_.push_back(std::move(commit));
  if (std::exchange(family_requested_, true)) return;
  place_.store->MakeFamily(place_.tp, place_.topic_id,
                           [self = shared_from_this()](Result<std::shared_ptr<Family>> family) {
                             self->FamilyMade(std::move(family));
                           });
}

void RocksPartitionLog::AddBinding(Commit& commit) {
  commit.facts.push_back(Store::BindingFact(*family_, ref_));
  state_.set_bound();
}

void RocksPartitionLog::FamilyMade(Result<std::shared_ptr<Family>> family) {
  std::deque<Commit> failed;
  bool dropped = false;
  {
    MutexLock lock(mutex_);
    family_requested_ = false;
    dropped = dropped_;
    if (family && !dropped) {
      family_ = std::move(*family);
      for (Commit& commit : waiting_) {
        if (commit.batch) commit.batch->family = family_;
        // Each of them, for the first may be refused (it was admitted before a disk was full) and
        // data without its binding would have no owner at the next start.
        AddBinding(commit);
        place_.store->committer().Enqueue(std::move(commit));
      }
      waiting_.clear();
      if (config_.segment_bytes < kSmallSegmentBytes) {
        AskForAttention(AttentionList::Look::kSpace);  // the write buffer is fitted to it
      }
      // Until the first look has made a forecast.
      if (config_.retention_bytes >= 0) attention_at_ = committed_bytes_ + config_.retention_bytes;
      return;
    }
    failed.swap(waiting_);
    // Nothing was written, so memory ran ahead.
    if (Status status = ReadBackLocked(place_.ended_at); !status) {
      LOG(ERROR) << "partition is offline partition=" << place_.tp
                 << " error=" << status.error().detail;
    }
  }
  const Status status = family ? Status(Fail(Errc::kNotFound, "the partition was deleted"))
                               : Status(std::unexpected(family.error()));
  for (const Commit& commit : failed) place_.store->committer().Withdraw(commit.admission);
  for (Commit& commit : failed) commit.done(status);
  if (dropped) place_.store->Erase(ref_);
}

void RocksPartitionLog::Committed(const CommittedBatch& batch, const Status& status,
                                  AppendDone& done) {
  const AppendResult& result = batch.result;
  std::vector<PendingDuplicate> duplicates;
  Offset high_watermark;
  bool too_large = false;
  {
    MutexLock lock(mutex_);
    if (status) {
      log_end_ = result.last_offset + 1;
      RaiseHighWatermark(log_end_);
      committed_bytes_ += static_cast<std::int64_t>(batch.bytes);
      recent_times_.Add(result.base_offset, result.last_offset, batch.max_timestamp, batch.bytes);
      too_large = committed_bytes_ >= attention_at_;
      if (too_large) attention_at_ = kNever;
    }
    duplicates = TakeDuplicates(result.last_offset);
    high_watermark = high_watermark_;
  }
  if (too_large) AskForAttention(AttentionList::Look::kRetention);
  watchers_.Raise(high_watermark);
  if (!status) {
    done(std::unexpected(status.error()));
    for (PendingDuplicate& pending : duplicates) pending.done(std::unexpected(status.error()));
    return;
  }
  done(result);
  for (PendingDuplicate& pending : duplicates) pending.done(pending.result);
}

std::vector<RocksPartitionLog::PendingDuplicate> RocksPartitionLog::TakeDuplicates(
    Offset last_offset) {
  std::vector<PendingDuplicate> taken;
  for (PendingDuplicate& pending : duplicates_) {
    if (pending.last_offset == last_offset) taken.push_back(std::move(pending));
  }
  std::erase_if(duplicates_,
                [&](const auto& pending) { return pending.last_offset == last_offset; });
  return taken;
}

void RocksPartitionLog::RaiseHighWatermark(Offset to) {
  high_watermark_ = std::max(high_watermark_, to);
  last_stable_ = state_.transactions().LastStable(high_watermark_);
}

// ---- Read ----

Result<RocksPartitionLog::ReadBounds> RocksPartitionLog::BoundsForRead() const {
  MutexLock lock(mutex_);
  if (dropped_) return Fail(Errc::kNotFound, "the partition was deleted");
  if (closed_) return Fail(Errc::kShuttingDown, "the engine is closed");
  return ReadBounds{.family = family_, .log_start = state_.log_start(), .log_end = log_end_};
}

Result<ReadView> RocksPartitionLog::Read(Offset from, const ReadLimits& limits) const {
  GNEISS_ASSIGN_OR_RETURN(const ReadBounds bounds, BoundsForRead());
  if (from < bounds.log_start || from > bounds.log_end) {
    return Fail(Errc::kOutOfRange, place_.tp.ToString() +
                                       " offset=" + std::to_string(from.value()) +
                                       " log_start=" + std::to_string(bounds.log_start.value()) +
                                       " log_end=" + std::to_string(bounds.log_end.value()));
  }
  ReadLimits bounded = limits;
  bounded.upper_bound = std::min(limits.upper_bound, bounds.log_end);
  if (bounds.family == nullptr || from >= bounded.upper_bound) return ReadView{};
  return ReadBatches(bounds.family, from, bounded);
}

RocksPartitionLog::FoundTime RocksPartitionLog::LookUpTime(
    Offset upper_bound, FoundTime (*ask)(TimeLookup&, TimestampMs), TimestampMs target) const {
  GNEISS_ASSIGN_OR_RETURN(const ReadBounds bounds, BoundsForRead());
  if (bounds.family == nullptr) return std::nullopt;
  RecentTimes recent;
  {
    MutexLock lock(mutex_);
    recent = recent_times_;
  }
  GNEISS_ASSIGN_OR_RETURN(TimeLookup lookup,
                          TimeLookup::Begin(bounds.family, std::move(recent), bounds.log_start,
                                            std::min(upper_bound, bounds.log_end)));
  FoundTime found = ask(lookup, target);
  MutexLock lock(mutex_);
  recent_times_.Extend(lookup.recent());
  recent_times_.Forget(lookup.files_end());
  lookup_cost_ += lookup.cost();
  return found;
}

Result<std::optional<TimestampOffset>> RocksPartitionLog::FindTimestamp(TimestampMs target,
                                                                        Offset upper_bound) const {
  return LookUpTime(
      upper_bound, [](TimeLookup& lookup, TimestampMs time) { return lookup.FirstAtOrAfter(time); },
      target);
}

Result<std::optional<TimestampOffset>> RocksPartitionLog::FindMaxTimestamp(
    Offset upper_bound) const {
  return LookUpTime(
      upper_bound, [](TimeLookup& lookup, TimestampMs) { return lookup.Greatest(); }, kNoTimestamp);
}

TimeLookup::Cost RocksPartitionLog::lookup_cost() const {
  MutexLock lock(mutex_);
  return lookup_cost_;
}

// Counted once, then kept by adding. The count reads files, so it is made without the mutex.
std::int64_t RocksPartitionLog::size_bytes() const {
  std::shared_ptr<const Family> family;
  Offset from, to;
  std::int64_t committed_before = 0;
  {
    MutexLock lock(mutex_);
    if (family_ == nullptr || dropped_) return 0;
    if (counted_bytes_) return *counted_bytes_ + committed_bytes_;
    family = family_;
    from = state_.log_start();
    to = log_end_;
    committed_before = committed_bytes_;
  }
  const std::int64_t counted = BytesBetween(family, from, to) - committed_before;
  MutexLock lock(mutex_);
  if (from == state_.log_start()) counted_bytes_ = counted;
  return counted + committed_bytes_;
}

// ---- Housekeeping ----

void RocksPartitionLog::AskForAttention(AttentionList::Look look) const {
  if (place_.attention != nullptr) place_.attention->Add(ref_, look);
}

std::optional<RocksPartitionLog::View> RocksPartitionLog::GetView() const {
  MutexLock lock(mutex_);
  if (family_ == nullptr || !CheckOpen()) return std::nullopt;
  return View{.family = family_,
              .config = config_,
              .log_start = state_.log_start_fact(),
              .high_watermark = high_watermark_};
}

void RocksPartitionLog::SetForecast(const Forecast& forecast) {
  MutexLock lock(mutex_);
  forecast_ = forecast;
  attention_at_ = kNever;
  if (forecast.bytes_until_expiry < 0 || !counted_bytes_) return;
  attention_at_ = forecast.size_bytes + forecast.bytes_until_expiry - *counted_bytes_;
}

void RocksPartitionLog::ForgetSize() {
  MutexLock lock(mutex_);
  counted_bytes_.reset();
}

RetentionStatus RocksPartitionLog::retention_status() const {
  MutexLock lock(mutex_);
  const format::LogStart& start = state_.log_start_fact();
  RetentionStatus status{.log_start = start.offset,
                         .reason = start.reason,
                         .moved_at = start.moved_at,
                         .next_log_start = forecast_.next_log_start,
                         .next_expiry = forecast_.next_expiry};
  if (family_ == nullptr) {
    status.size_bytes = 0;
  } else if (counted_bytes_) {
    status.size_bytes = *counted_bytes_ + committed_bytes_;
  }
  if (attention_at_ != kNever) {
    status.bytes_until_expiry = std::max<std::int64_t>(attention_at_ - committed_bytes_, 0);
  }
  return status;
}

// ---- Facts ----

EpochEnd RocksPartitionLog::EndOffsetForEpoch(LeaderEpoch epoch) const {
  MutexLock lock(mutex_);
  return state_.epochs().EndOf(epoch, log_end_);
}

LeaderEpoch RocksPartitionLog::EpochAt(Offset offset) const {
  MutexLock lock(mutex_);
  return state_.epochs().At(offset);
}

void RocksPartitionLog::AdvanceLogStart(Offset to,
                                        std::move_only_function<void(Result<Offset>)> done) {
  MoveLogStart({.from = kNoOffset, .to = to},
               [self = shared_from_this(), done = std::move(done)](Result<Offset> moved) mutable {
                 self->AskForAttention(AttentionList::Look::kSpace);
                 done(std::move(moved));
               });
}

void RocksPartitionLog::MoveLogStart(const Move& move,
                                     std::move_only_function<void(Result<Offset>)> done) {
  std::optional<Result<Offset>> answer = [&]() -> std::optional<Result<Offset>> {
    MutexLock lock(mutex_);
    if (Status open = CheckOpen(); !open) return std::unexpected(std::move(open.error()));
    if (move.to > high_watermark_) return Fail(Errc::kOutOfRange, "above the high watermark");
    Result<Admission> admission = place_.store->committer().Admit(0);
    if (!admission) return std::unexpected(std::move(admission.error()));

    Commit commit;
    commit.admission = *admission;
    commit.sync = true;  // a filter may act on it only when it cannot be lost
    // One that moves nothing waits for its fsync as well: the log start in memory may be ahead of
    // the disk.
    if (move.to > state_.log_start()) {
      const bool known = move.from == state_.log_start() && move.bytes >= 0;
      if (known && counted_bytes_) {
        *counted_bytes_ -= move.bytes;
      } else {
        counted_bytes_.reset();
      }
      commit.facts = state_.AdvanceLogStart(
          {.offset = move.to, .reason = move.reason, .moved_at = place_.clock->WallMs()});
    }
    commit.done = [to = state_.log_start(), family = family_,
                   done = std::move(done)](const Status& status) mutable {
      if (status) {
        GNEISS_FAULT_POINT("log_start.before_filter");
        if (family != nullptr) family->rules()->DropBelow(to);
        done(to);
      } else {
        done(std::unexpected(status.error()));
      }
    };
    place_.store->committer().Enqueue(std::move(commit));
    return std::nullopt;
  }();
  if (answer) done(std::move(*answer));
}

std::vector<AbortedTransaction> RocksPartitionLog::AbortedTransactions(Offset from,
                                                                       Offset to) const {
  std::vector<AbortedTransaction> aborted;
  MutexLock lock(mutex_);
  for (const format::AbortedTxn& txn : state_.transactions().AbortedIn(from, to)) {
    aborted.push_back({txn.producer_id, txn.first_offset});
  }
  return aborted;
}

std::vector<ActiveProducer> RocksPartitionLog::ActiveProducers() const {
  std::vector<ActiveProducer> active;
  MutexLock lock(mutex_);
  for (const auto& [id, entry] : state_.producers().entries()) {
    active.push_back(
        {.producer_id = id,
         .producer_epoch = entry.epoch,
         .last_sequence = entry.batches.empty() ? -1 : entry.batches.front().last_sequence,
         .last_timestamp = entry.last_timestamp,
         .coordinator_epoch = entry.coordinator_epoch,
         .current_txn_start_offset = entry.txn_first_offset});
  }
  std::ranges::sort(active, {}, &ActiveProducer::producer_id);
  return active;
}

PartitionLog::WatchId RocksPartitionLog::WatchHighWatermark(Offset beyond,
                                                            std::move_only_function<void()> wake) {
  return watchers_.Add(beyond, std::move(wake));
}

void RocksPartitionLog::Drop() {
  bool family_coming = false;
  {
    MutexLock lock(mutex_);
    if (closed_ || std::exchange(dropped_, true)) return;
    family_.reset();
    family_coming = family_requested_;
  }
  watchers_.Close();
  // Erased before its family is there it would be forgotten, and then made: FamilyMade does it.
  if (!family_coming) place_.store->Erase(ref_);
}

void RocksPartitionLog::Close() {
  {
    MutexLock lock(mutex_);
    closed_ = true;
    family_.reset();
  }
  watchers_.Close();
}

RocksPartitionLog::CleaningView RocksPartitionLog::cleaning_view() const {
  MutexLock lock(mutex_);
  const LogOffsets now = OffsetsLocked();
  // A first dirty offset outside the log is of another time: the records above it were lost.
  const bool known = state_.first_dirty() >= now.log_start && state_.first_dirty() <= now.log_end;
  return {.family = family_,
          .config = config_,
          .offsets = now,
          .first_dirty = known ? state_.first_dirty() : now.log_start};
}

std::vector<format::AbortedTxn> RocksPartitionLog::AbortedBelow(Offset end) const {
  MutexLock lock(mutex_);
  return state_.transactions().AbortedIn(state_.log_start(), end);
}

Status RocksPartitionLog::RecordClean(Offset first_dirty,
                                      const std::vector<format::AbortedTxn>& spent) {
  std::future<Status> written;
  {
    MutexLock lock(mutex_);
    GNEISS_RETURN_IF_ERROR(CheckOpen());
    GNEISS_ASSIGN_OR_RETURN(const Admission admission, place_.store->committer().Admit(0));
    counted_bytes_.reset();
    Commit commit;
    commit.admission = admission;
    commit.facts = state_.RecordClean(first_dirty, spent);
    std::promise<Status> promise;
    written = promise.get_future();
    commit.done = [promise = std::move(promise)](const Status& status) mutable {
      promise.set_value(status);
    };
    place_.store->committer().Enqueue(std::move(commit));
  }
  return written.get();
}

bool RocksPartitionLog::WriteCheckpoint(std::move_only_function<void(const Status&)> done) {
  MutexLock lock(mutex_);
  if (!CheckOpen() || family_ == nullptr) return false;
  Result<Admission> admission = place_.store->committer().Admit(0);
  if (!admission) return false;
  Commit commit;
  commit.admission = *admission;
  commit.facts.push_back(
      {format::CheckpointKey(ref_),
       format::EncodeCheckpoint({.log_end = log_end_, .high_watermark = high_watermark_})});
  commit.done = std::move(done);
  place_.store->committer().Enqueue(std::move(commit));
  return true;
}

}  // namespace gneiss::engine
