// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "server/fetch/fetch_target.h"
#include "server/fetch/fetched_partition.h"
#include "server/partition_table.h"

namespace gneiss::server {

// The offset behind a batch of a ReadView. Those are whole: nothing is checked.
Offset OffsetBehind(const SharedBytes& batch);

// How far a reader sees.
enum class FetchBound {
  kHighWatermark,     // read_uncommitted
  kLastStableOffset,  // read_committed: not into open transactions
};

struct FetchLimits {
  FetchBound bound = FetchBound::kHighWatermark;
  std::size_t bytes_max = 0;  // of all partitions; the first with records may pass it
};

// One partition of a fetch, looked up. With an error there is no partition.
struct FetchItem {
  const FetchTarget* target = nullptr;  // never null; outlives the item
  PartitionPtr partition;
  ErrorCode error = ErrorCode::kNone;
};

// FetchPass reads the partitions of a fetch once, in their order, within its limits. It begins on
// the event loop, where it may look into memtables only; what needs a file, or more work than a
// loop should do at a stretch, it leaves to a reader thread, where it goes on from there.
// Threads: one at a time.
class FetchPass {
 public:
  // `items` must outlive the pass.
  FetchPass(std::span<const FetchItem> items, FetchLimits limits);

  enum class Progress { kDone, kNeedsThread };
  // Reads on. kNeedsThread is returned for ReadTier::kMemory only.
  Progress Run(engine::ReadTier tier);

  std::vector<FetchedPartition> TakeAnswers() { return std::move(answers_); }
  // Counted as Kafka counts them: up to the byte limits, even where a batch did not fit.
  std::size_t readable_bytes() const { return readable_bytes_; }
  // A partition has something to say that does not get better by waiting: an error of the read, a
  // diverging epoch. Partitions that are unknown do not count, they let the others wait.
  bool must_answer() const { return must_answer_; }

 private:
  enum class Outcome { kRead, kWouldBlock };
  Outcome ReadOne(const FetchItem& item, engine::ReadTier tier, FetchedPartition& answer);
  Outcome ReadBatches(const FetchItem& item, engine::ReadTier tier, Offset upper_bound,
                      FetchedPartition& answer);
  bool CheckEpochs(const FetchItem& item, const engine::LogOffsets& offsets,
                   FetchedPartition& answer);
  void Refuse(ErrorCode error, FetchedPartition& answer);

  const std::span<const FetchItem> items_;
  const FetchLimits limits_;
  std::vector<FetchedPartition> answers_;  // one per item
  std::size_t next_ = 0;                   // the item to be read next
  std::size_t bytes_ = 0;
  std::size_t views_ = 0;
  std::size_t readable_bytes_ = 0;
  bool must_answer_ = false;
};

}  // namespace gneiss::server
