// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <vector>

#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/base/shared_bytes.h"
#include "protocol/base/uuid.h"
#include "protocol/records/validate.h"

namespace gneiss::engine {

// log_start <= last_stable <= high_watermark <= log_end, always.
struct LogOffsets {
  Offset log_start;
  Offset last_stable;     // read_committed readers see below it
  Offset high_watermark;  // consumers see below it
  Offset log_end;         // the next offset to be given
};

// The part of a topic's configuration that the log acts on. May change at any time.
// Defaults are Kafka's.
struct LogConfig {
  bool cleanup_delete = true;
  bool cleanup_compact = false;
  std::int64_t retention_ms = 604'800'000;  // -1: for ever
  std::int64_t retention_bytes = -1;        // -1: without bound
  std::int64_t segment_ms = 604'800'000;
  std::int64_t segment_bytes = 1'073'741'824;
  std::int64_t delete_retention_ms = 86'400'000;
  std::int64_t min_compaction_lag_ms = 0;
  std::int64_t max_compaction_lag_ms = std::numeric_limits<std::int64_t>::max();
  double min_cleanable_dirty_ratio = 0.5;
  std::int64_t flush_messages = std::numeric_limits<std::int64_t>::max();
  std::int64_t flush_ms = std::numeric_limits<std::int64_t>::max();
  std::int64_t producer_id_expiration_ms = 86'400'000;
  bool operator==(const LogConfig&) const = default;
};

// Why a log starts where it starts. ON DISK: never renumber.
enum class LogStartReason : std::uint8_t {
  kBeginning = 0,  // nothing was removed yet
  kDeleteRecords = 1,
  kRetentionMs = 2,
  kRetentionBytes = 3,
  kMissing = 4,  // what should be before it was not there when the log was opened
};
const char* ToText(LogStartReason reason);  // as metrics and log lines name it

// What is here of a partition, why no more, and what goes next as the settings are. From what the
// last look at the partition has found, so costs no I/O.
struct RetentionStatus {
  Offset log_start;
  LogStartReason reason = LogStartReason::kBeginning;
  TimestampMs moved_at = kNoTimestamp;  // when the log start came there; not known for kMissing
  std::int64_t size_bytes = -1;         // visible; -1: not counted yet
  // The log start will be here next; kNoOffset: nothing that is there now will ever go by itself.
  Offset next_log_start = kNoOffset;
  TimestampMs next_expiry = kNoTimestamp;  // by retention.ms; kNoTimestamp: not by that
  std::int64_t bytes_until_expiry = -1;    // more that retention.bytes lets in; -1: not by that
};

struct AppendResult {
  Offset base_offset;
  Offset last_offset;
  Offset log_start_offset;
  TimestampMs log_append_time = kNoTimestamp;  // set on LogAppendTime topics only
  bool duplicate = false;                      // an earlier append of the same batch is reported
};
using AppendDone = std::move_only_function<void(Result<AppendResult>)>;

enum class ReadTier {
  kMemory,  // memtables only; kWouldBlock when the answer may need a file. For event loops.
  kAll,     // may fault pages in; for reader threads
};

struct ReadLimits {
  std::size_t bytes_max = 0;
  Offset upper_bound;              // only batches that begin below it
  bool at_least_one_batch = true;  // the first batch is returned even when larger than bytes_max
  ReadTier tier = ReadTier::kAll;
};

// Whole batches as they are stored, oldest first. Each slice keeps the RocksDB iterator it points
// into alive, so hold it no longer than the socket needs.
struct ReadView {
  std::vector<SharedBytes> batches;
  std::size_t bytes = 0;
};

struct TimestampOffset {
  TimestampMs timestamp = kNoTimestamp;
  Offset offset = kNoOffset;
  LeaderEpoch leader_epoch = kNoLeaderEpoch;
};

struct EpochEnd {
  LeaderEpoch leader_epoch = kNoLeaderEpoch;
  Offset end_offset = kNoOffset;
};

// A transaction that was aborted; read_committed consumers drop its records.
struct AbortedTransaction {
  ProducerId producer_id;
  Offset first_offset;
};

// What DescribeProducers tells of one producer.
struct ActiveProducer {
  ProducerId producer_id;
  std::int16_t producer_epoch = -1;
  std::int32_t last_sequence = -1;
  TimestampMs last_timestamp = kNoTimestamp;
  std::int32_t coordinator_epoch = -1;
  Offset current_txn_start_offset = kNoOffset;
};

// PartitionLog is the durable log of one partition.
//
// The batches live in the partition's column family, the facts about it in the store's state
// family (engine/format.h). Appends go through the store's committer.
// Threads: any. A partition's mutable state has one mutex, held for microseconds, never across I/O.
class PartitionLog {
 public:
  virtual ~PartitionLog() = default;

  virtual const TopicPartition& topic_partition() const = 0;
  virtual const Uuid& topic_id() const = 0;
  virtual LogOffsets offsets() const = 0;
  virtual LeaderEpoch leader_epoch() const = 0;
  virtual std::int64_t size_bytes() const = 0;  // batches from the log start to the end
  virtual int log_dir_index() const = 0;        // into EngineOptions::data_dirs
  virtual RetentionStatus retention_status() const = 0;

  virtual void SetConfig(const LogConfig& config) = 0;
  // Records the start of a leader epoch at the present log end. Older or equal epochs are ignored.
  virtual Status BeginLeaderEpoch(LeaderEpoch epoch) = 0;

  // Gives the batch its offsets and hands it to the committer: the order of two appends is the
  // order of the two calls. `done` runs exactly once: before Append returns when the batch is
  // refused or a duplicate already committed, else on the committer thread when the batch is
  // durable to the degree that flush.messages asks for. `done` must not block.
  // Errors: kOutOfOrderSequence, kFencedProducer, kStorage, kDiskFull, kShuttingDown, kNotFound
  // (the partition was deleted).
  virtual void Append(records::ValidatedBatch batch, AppendDone done) = 0;

  // Reads whole batches from the one that holds `from`. An empty view at the end of the log or at
  // the upper bound. Errors: kOutOfRange (below the log start or above the log end), kWouldBlock,
  // kCorrupt, kStorage. Blocks only with ReadTier::kAll.
  virtual Result<ReadView> Read(Offset from, const ReadLimits& limits) const = 0;

  // The first record below `upper_bound` with a timestamp of at least `target`. May block.
  virtual Result<std::optional<TimestampOffset>> FindTimestamp(TimestampMs target,
                                                               Offset upper_bound) const = 0;
  // The earliest record with the greatest timestamp below `upper_bound`. May block.
  virtual Result<std::optional<TimestampOffset>> FindMaxTimestamp(Offset upper_bound) const = 0;

  // The end of the greatest epoch that is not above `epoch`; none known: {-1, -1} (KIP-320).
  virtual EpochEnd EndOffsetForEpoch(LeaderEpoch epoch) const = 0;
  // The epoch that the record at `offset` was written in.
  virtual LeaderEpoch EpochAt(Offset offset) const = 0;

  // Moves the log start forward (DeleteRecords); what is below is invisible at once. `done` runs
  // once, with the new log start, when the move is durable. Above the high watermark: kOutOfRange.
  virtual void AdvanceLogStart(Offset to, std::move_only_function<void(Result<Offset>)> done) = 0;

  // Transactions that were aborted and overlap [from, to).
  virtual std::vector<AbortedTransaction> AbortedTransactions(Offset from, Offset to) const = 0;
  virtual std::vector<ActiveProducer> ActiveProducers() const = 0;

  // Calls `wake` once, on any thread, when the high watermark is above `beyond` or the log is
  // closed or deleted. Returns 0 and calls nothing when that is already so.
  using WatchId = std::uint64_t;
  virtual WatchId WatchHighWatermark(Offset beyond, std::move_only_function<void()> wake) = 0;
  virtual void Unwatch(WatchId id) = 0;  // no call of `wake` begins after this returns
};

}  // namespace gneiss::engine
