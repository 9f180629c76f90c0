// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "engine/database.h"
#include "engine/format.h"
#include "engine/leader_epochs.h"
#include "engine/producer_state.h"
#include "engine/transaction_index.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/records/control_record.h"
#include "protocol/records/record_batch.h"

namespace gneiss::engine {

using StateFacts = std::vector<format::StateFact>;

// PartitionState is what a partition knows besides its batches, as it will be when all that is
// enqueued is written. Each change adds the facts that go to disk together with it.
// Pure but for Load. Threads: one at a time.
class PartitionState {
 public:
  // Reads a partition back: its facts, and its end from the last key of its family. No scan. A log
  // that ends before its checkpoint, or before `ended_at`, is reported, and goes on behind that: no
  // offset that was given once is given again.
  // A log whose first batch lies above its log start, which only log compaction brings about by
  // itself, starts with that batch, unless `gaps` says that it was compacted.
  enum class Gaps { kLost, kCompacted };
  static Result<PartitionState> Load(const Family& state, const Family* family,
                                     const format::PartitionRef& ref, Gaps gaps,
                                     Offset ended_at = Offset(0));

  PartitionState() = default;
  explicit PartitionState(const format::PartitionRef& ref) : ref_(ref) {}

  Offset log_start() const { return log_start_.offset; }
  const format::LogStart& log_start_fact() const { return log_start_; }
  // Where the batches end that Load found; below next_offset() when records were lost.
  Offset found_end() const { return found_end_; }
  Offset next_offset() const { return next_offset_; }  // the one that the next append gets
  Offset first_dirty() const { return first_dirty_; }  // log compaction has been over what is below
  const ProducerState& producers() const { return producers_; }
  const LeaderEpochs& epochs() const { return epochs_; }
  TransactionIndex& transactions() { return transactions_; }
  const TransactionIndex& transactions() const { return transactions_; }

  // Whether the binding of the partition's family is on disk, or on its way.
  bool bound() const { return bound_; }
  void set_bound() { bound_ = true; }

  void BeginEpoch(LeaderEpoch epoch) { epochs_.Begin(epoch, next_offset_); }

  // Gives a batch its offsets and leader epoch. `marker` is that of a control batch.
  // REQUIRES: producers().Check let the batch pass, if it has a producer id.
  StateFacts Append(records::BatchHeader& header,
                    const std::optional<records::TransactionMarker>& marker, TimestampMs now);

  // REQUIRES: log_start() < to.offset <= next_offset().
  StateFacts AdvanceLogStart(const format::LogStart& to);

  // Log compaction has been over everything below `first_dirty` and has found nothing left of the
  // aborted transactions in `spent`.
  StateFacts RecordClean(Offset first_dirty, const std::vector<format::AbortedTxn>& spent);

  // Forgets producers that have not written since `deadline`.
  void ForgetIdleProducers(TimestampMs deadline, StateFacts& facts);

 private:
  Status TakeFact(std::string_view key, std::string_view value);
  Status LoadFacts(const Family& state);
  void AppendOfProducer(const records::BatchHeader& header, TimestampMs now, StateFacts& facts);
  Status StartAtFirstBatch(const Family& family);
  void EndTransaction(const records::BatchHeader& header, const records::TransactionMarker& marker,
                      TimestampMs now, StateFacts& facts);
  void AddEpochFacts(StateFacts& facts);

  format::PartitionRef ref_;
  format::LogStart log_start_;
  Offset next_offset_;
  Offset first_dirty_;
  ProducerState producers_;
  TransactionIndex transactions_;
  LeaderEpochs epochs_;
  std::optional<format::Checkpoint> checkpoint_;  // as loaded
  bool bound_ = false;
  Offset found_end_;
};

}  // namespace gneiss::engine
