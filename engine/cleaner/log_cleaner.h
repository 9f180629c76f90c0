// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/cleaner/cleanable_range.h"
#include "engine/cleaner/cleaning_judge.h"
#include "engine/cleaner/throttle.h"
#include "engine/cleaner/transaction_scan.h"
#include "engine/rocks_partition_log.h"
#include "protocol/base/clock.h"
#include "protocol/base/result.h"

namespace gneiss::engine {

// LogCleaner compacts one partition once (cleanup.policy=compact): it notes the newest offset of
// each key in the dirty part, as far as its memory goes, then has RocksDB rewrite the files up to
// there, piece by piece from the log start, with a CleaningJudge for a filter.
//
// A piece is some adjacent files of up to kPieceBytes. It is read and checked before RocksDB may
// touch it, because a compaction that meets a damaged block makes RocksDB refuse all writes; and it
// is left alone when nothing in it would change.
//
// The first dirty offset is written last. A clean that was killed leaves a correct log, and is done
// again. Pieces go upward, so a tombstone gets its delete horizon after what it deletes has gone.
// Threads: one at a time, and one LogCleaner at a time for a partition. Reads and writes of the
// partition go on meanwhile.
class LogCleaner {
 public:
  static constexpr std::uint64_t kPieceBytes = std::uint64_t{64} << 20;

  struct Stats {
    Offset first_dirty;  // from now on
    std::uint64_t bytes_before = 0;
    std::uint64_t bytes_after = 0;
    std::uint64_t bytes_read = 0;
    std::uint64_t bytes_written = 0;
    std::size_t keys = 0;
    std::size_t pieces = 0;
    std::size_t pieces_rewritten = 0;
  };

  LogCleaner(std::size_t key_map_bytes, Throttle& throttle, Clock& clock)
      : key_map_bytes_(key_map_bytes), throttle_(throttle), clock_(clock) {}

  // Cleans [range.from, range.to), or its beginning when the keys are too many for the memory.
  // Errors: kCorrupt and kInvalidRecord for a damaged batch; kResourceExhausted when not even one
  // batch's keys fit; kWouldBlock when others compact the same files; kShuttingDown after the
  // throttle's Stop, kNotFound for a dropped partition; else what RocksDB says.
  Result<Stats> Clean(RocksPartitionLog& log, const CleanableRange& range);

 private:
  struct Run;
  struct Piece;

  Status FillKeyMap(Run& run, const CleanableRange& range);
  Status CleanPieces(Run& run, RocksPartitionLog& log);
  Status CleanPiece(Run& run, const Piece& piece);
  Status ScanPiece(Run& run, CleaningPiece& piece, TransactionScan& transactions,
                   std::vector<Offset>& needed_markers);
  Result<bool> WouldChange(const Run& run, const CleaningPiece& piece, const CleaningJudge& judge);
  Status Rewrite(Run& run, const Piece& piece, const std::shared_ptr<CleaningJudge>& judge);
  Status CheckGoingOn() const;

  const std::size_t key_map_bytes_;
  Throttle& throttle_;
  Clock& clock_;
};

}  // namespace gneiss::engine
