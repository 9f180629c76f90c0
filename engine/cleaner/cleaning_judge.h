// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/cleaner/key_map.h"
#include "engine/format.h"
#include "engine/housekeeping/log_filter.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/records/record_batch.h"

namespace gneiss::engine {

// What one clean of a partition goes by, from its start to its end.
struct CleaningRules {
  KeyMap keys;                           // the newest offset of each key in the dirty part
  Offset end{};                          // what is at or above it stays
  Offset last_batch = kNoOffset;         // the batch that ends here stays, empty if it must be
  TimestampMs now = 0;                   // the broker's clock when the clean began
  std::int64_t delete_retention_ms = 0;  // how long tombstones and spent markers stay

  // Transactions that were aborted, by producer, as pairs of first and marker offset in order.
  std::unordered_map<ProducerId, std::vector<std::pair<Offset, Offset>>> aborted = {};

  bool IsAborted(const records::BatchHeader& batch) const;
};

// The offsets [from, to) of a log, and which of its markers are spent (TransactionScan). A batch
// that the log start cuts belongs to it whole.
struct CleaningPiece {
  Offset from{};
  Offset to{};
  std::vector<Offset> spent_markers = {};  // ascending
};

// CleaningJudge decides over the batches of one piece of a log, by the rules of Kafka's cleaner:
//   - of each key the newest record stays, records without a key go;
//   - a tombstone, and a spent marker, stays until the delete horizon that the first clean which
//     meets it writes into its batch (attribute bit 6, base timestamp);
//   - records of aborted transactions go;
//   - a batch that loses records keeps offsets, timestamps, headers, producer and codec.
// It remembers nothing from batch to batch, so any compaction may ask it, in any order.
// Threads: any, several at a time.
class CleaningJudge final : public BatchCleaner {
 public:
  CleaningJudge(std::shared_ptr<const CleaningRules> rules, CleaningPiece piece)
      : rules_(std::move(rules)), piece_(std::move(piece)) {}

  Verdict Judge(std::span<const std::byte> batch, std::string* rewritten) const override;

  // As Judge. Errors: kCorrupt and kInvalidRecord, for a batch that is not what it was when it was
  // written.
  Result<Verdict> TryJudge(std::span<const std::byte> batch, std::string* rewritten) const;

  // Batches that could not be judged, and were kept.
  std::int64_t unjudged() const { return unjudged_.load(); }

 private:
  Result<Verdict> JudgeMarker(const records::RecordBatchView& batch, std::string* rewritten) const;
  Result<Verdict> JudgeRecords(const records::RecordBatchView& batch, std::string* rewritten) const;
  Verdict WithoutRecords(const records::BatchHeader& batch, std::string* rewritten) const;
  bool HorizonHasPassed(const records::BatchHeader& batch) const;
  TimestampMs NewHorizon() const;

  const std::shared_ptr<const CleaningRules> rules_;
  const CleaningPiece piece_;
  mutable std::atomic<std::int64_t> unjudged_ = 0;
};

}  // namespace gneiss::engine
