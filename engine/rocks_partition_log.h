// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/committer.h"
#include "engine/housekeeping/attention_list.h"
#include "engine/partition_log.h"
#include "engine/partition_state.h"
#include "engine/store.h"
#include "engine/time_lookup.h"
#include "engine/watermark_watchers.h"
#include "protocol/base/clock.h"
#include "protocol/base/mutex.h"
#include "protocol/records/control_record.h"

namespace gneiss::engine {

// With a smaller segment.bytes than this the housekeeper makes a family's memtables smaller.
inline constexpr std::int64_t kSmallSegmentBytes = std::int64_t{64} << 20;

// RocksPartitionLog is the PartitionLog of one partition in one store.
//
// An append takes effect in memory when it is enqueued and in the log when it is committed:
// log_start <= last_stable <= high_watermark <= log_end <= next_offset. When a write fails, what
// is in memory ran ahead; the state is then read back from the store.
// Threads: any. Lock order: mutex_, then those of Committer, FamilyMaker and Store.
class RocksPartitionLog final : public PartitionLog,
                                public Recoverable,
                                public std::enable_shared_from_this<RocksPartitionLog> {
 public:
  // Records that the log is known to have had, and had no more when it was opened.
  std::int64_t records_lost_at_open() const { return records_lost_at_open_; }

  struct Place {
    TopicPartition tp;
    Uuid topic_id;
    int log_dir_index = 0;
    std::shared_ptr<Store> store;
    Offset ended_at{0};  // where the log is known to have ended (LogEndRecord)
    Clock* clock = &Clock::System();
    std::shared_ptr<AttentionList> attention = nullptr;  // null: no housekeeper
  };

  // Reads the partition's state from the store; a partition that is new there costs no write.
  static Result<std::shared_ptr<RocksPartitionLog>> Open(Place place, const LogConfig& config);

  const TopicPartition& topic_partition() const override { return place_.tp; }
  const Uuid& topic_id() const override { return place_.topic_id; }
  LogOffsets offsets() const override;
  LeaderEpoch leader_epoch() const override;
  std::int64_t size_bytes() const override;
  int log_dir_index() const override { return place_.log_dir_index; }
  RetentionStatus retention_status() const override;

  void SetConfig(const LogConfig& config) override;
  Status BeginLeaderEpoch(LeaderEpoch epoch) override;
  void Append(records::ValidatedBatch batch, AppendDone done) override;
  Result<ReadView> Read(Offset from, const ReadLimits& limits) const override;
  Result<std::optional<TimestampOffset>> FindTimestamp(TimestampMs target,
                                                       Offset upper_bound) const override;
  Result<std::optional<TimestampOffset>> FindMaxTimestamp(Offset upper_bound) const override;
  EpochEnd EndOffsetForEpoch(LeaderEpoch epoch) const override;
  LeaderEpoch EpochAt(Offset offset) const override;
  void AdvanceLogStart(Offset to, std::move_only_function<void(Result<Offset>)> done) override;
  std::vector<AbortedTransaction> AbortedTransactions(Offset from, Offset to) const override;
  std::vector<ActiveProducer> ActiveProducers() const override;
  WatchId WatchHighWatermark(Offset beyond, std::move_only_function<void()> wake) override;
  void Unwatch(WatchId id) override { watchers_.Remove(id); }

  // ---- For the housekeeper and the cleaner. ----

  const format::PartitionRef& ref() const { return ref_; }
  std::weak_ptr<Store> store() const { return place_.store; }

  struct View {
    std::shared_ptr<Family> family;
    LogConfig config;
    format::LogStart log_start;
    Offset high_watermark;  // with one replica also the log's end
  };
  // Nothing when nothing was written yet, or nothing may be done any more.
  std::optional<View> GetView() const EXCLUDES(mutex_);

  struct Move {
    Offset from;  // where the log start was when this was decided
    Offset to;
    LogStartReason reason = LogStartReason::kDeleteRecords;
    std::int64_t bytes = -1;  // of the batches between; -1: not known, so they are counted anew
  };
  // As AdvanceLogStart. When `done` runs the filter may already act on the move.
  void MoveLogStart(const Move& move, std::move_only_function<void(Result<Offset>)> done)
      EXCLUDES(mutex_);

  // What goes next; the attention list gets the partition when so many bytes have come.
  struct Forecast {
    Offset next_log_start = kNoOffset;
    TimestampMs next_expiry = kNoTimestamp;
    std::int64_t bytes_until_expiry = -1;
    std::int64_t size_bytes = 0;  // when it was made, before the move that is due
  };
  void SetForecast(const Forecast& forecast) EXCLUDES(mutex_);

  // Rewritten files hold other bytes than before: size_bytes() counts again.
  void ForgetSize() EXCLUDES(mutex_);

  // What all lookups by time have read since Open.
  TimeLookup::Cost lookup_cost() const EXCLUDES(mutex_);

  // Reads the state back after a failed write. Blocks.
  void ReadBack() override EXCLUDES(mutex_);

  // The partition was deleted: no more work (kNotFound), watchers wake, the store gives the space
  // back. Once.
  void Drop() EXCLUDES(mutex_);

  // The engine closes: no more work (kShuttingDown), watchers wake, the store is let go of.
  void Close() EXCLUDES(mutex_);

  // What log compaction goes by: the partition as it is at one moment.
  struct CleaningView {
    std::shared_ptr<Family> family;  // null: there is nothing yet, or no more
    LogConfig config;
    LogOffsets offsets;
    Offset first_dirty;
  };
  CleaningView cleaning_view() const EXCLUDES(mutex_);
  std::vector<format::AbortedTxn> AbortedBelow(Offset end) const EXCLUDES(mutex_);
  // As PartitionState::RecordClean. Blocks until it is committed.
  Status RecordClean(Offset first_dirty, const std::vector<format::AbortedTxn>& spent)
      EXCLUDES(mutex_);

  // The last fact before a clean shutdown. Completes with the committer's Stop; false if there is
  // nothing to write or no way to.
  bool WriteCheckpoint(std::move_only_function<void(const Status&)> done) EXCLUDES(mutex_);

 private:
  using Marker = std::optional<records::TransactionMarker>;
  struct PendingDuplicate {
    Offset last_offset;
    AppendResult result;
    AppendDone done;
  };
  // What a read needs to know; then it goes on without the mutex.
  struct ReadBounds {
    std::shared_ptr<const Family> family;
    Offset log_start;
    Offset log_end;
  };

  RocksPartitionLog(Place place, const LogConfig& config);

  // An answer that is due at once; nothing when `done` was taken to run later.
  std::optional<Result<AppendResult>> TryAppend(records::ValidatedBatch& batch, AppendDone& done)
      EXCLUDES(mutex_);
  Status CheckOpen() const REQUIRES(mutex_);
  LogOffsets OffsetsLocked() const REQUIRES(mutex_);
  std::optional<Result<AppendResult>> AnswerDuplicate(const ProducerState::Duplicate& duplicate,
                                                      const records::ValidatedBatch& batch,
                                                      AppendDone& done) REQUIRES(mutex_);
  Commit MakeCommit(records::ValidatedBatch batch, const Marker& marker, const Admission& admission)
      REQUIRES(mutex_);
  void ForgetIdleProducers(TimestampMs now, StateFacts& facts) REQUIRES(mutex_);
  void ScheduleSync(const records::BatchHeader& header, Commit& commit) REQUIRES(mutex_);
  void Submit(Commit commit) REQUIRES(mutex_);
  void AddBinding(Commit& commit) REQUIRES(mutex_);
  void FamilyMade(Result<std::shared_ptr<Family>> family) EXCLUDES(mutex_);
  // What Committed needs to know of a batch.
  struct CommittedBatch {
    AppendResult result;
    std::size_t bytes = 0;
    TimestampMs max_timestamp = kNoTimestamp;
  };
  void Committed(const CommittedBatch& batch, const Status& status, AppendDone& done)
      EXCLUDES(mutex_);
  std::vector<PendingDuplicate> TakeDuplicates(Offset last_offset) REQUIRES(mutex_);
  void RaiseHighWatermark(Offset to) REQUIRES(mutex_);
  Status ReadBackLocked(Offset ended_at) REQUIRES(mutex_);
  void FillGap() REQUIRES(mutex_);
  Result<ReadBounds> BoundsForRead() const EXCLUDES(mutex_);
  using FoundTime = Result<std::optional<TimestampOffset>>;
  FoundTime LookUpTime(Offset upper_bound, FoundTime (*ask)(TimeLookup&, TimestampMs),
                       TimestampMs target) const EXCLUDES(mutex_);
  void AskForAttention(AttentionList::Look look) const;

  const Place place_;
  const format::PartitionRef ref_;
  std::int64_t records_lost_at_open_ = 0;
  WatermarkWatchers watchers_;

  mutable Mutex mutex_;
  LogConfig config_ GUARDED_BY(mutex_);
  std::shared_ptr<Family> family_ GUARDED_BY(mutex_);
  PartitionState state_ GUARDED_BY(mutex_);
  Offset log_end_ GUARDED_BY(mutex_);         // behind the last committed batch
  Offset high_watermark_ GUARDED_BY(mutex_);  // with one replica it follows log_end_
  Offset last_stable_ GUARDED_BY(mutex_);
  bool dropped_ GUARDED_BY(mutex_) = false;
  bool closed_ GUARDED_BY(mutex_) = false;
  bool damaged_ GUARDED_BY(mutex_) = false;        // the state could not be read back
  std::deque<Commit> waiting_ GUARDED_BY(mutex_);  // for the family, in order
  bool family_requested_ GUARDED_BY(mutex_) = false;
  std::vector<PendingDuplicate> duplicates_ GUARDED_BY(mutex_);
  std::int64_t unsynced_records_ GUARDED_BY(mutex_) = 0;
  TimestampMs producers_checked_ GUARDED_BY(mutex_) = 0;  // when idle ones were last looked for
  std::int64_t committed_bytes_ GUARDED_BY(mutex_) = 0;   // since Open
  mutable RecentTimes recent_times_ GUARDED_BY(mutex_);
  mutable TimeLookup::Cost lookup_cost_ GUARDED_BY(mutex_);
  // What was there besides; counted on first use. Negative after the log start has moved.
  mutable std::optional<std::int64_t> counted_bytes_ GUARDED_BY(mutex_);
  Forecast forecast_ GUARDED_BY(mutex_);
  // Of committed_bytes_: there retention.bytes is exceeded by what may go.
  std::int64_t attention_at_ GUARDED_BY(mutex_) = std::numeric_limits<std::int64_t>::max();
};

}  // namespace gneiss::engine
