// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "engine/format.h"
#include "protocol/base/ids.h"

namespace gneiss::engine {

// TransactionIndex knows which transactions are open in a partition, which bounds what
// read_committed consumers may see, and which were aborted, which tells them what to drop.
// Pure. Threads: one at a time.
class TransactionIndex {
 public:
  // The first batch of a transaction got this offset.
  void Open(Offset first_offset) { open_.emplace(first_offset, kNoOffset); }

  // A marker at `marker_offset` ended the transaction that began at `first_offset`. Until the
  // marker is below the high watermark the transaction counts as open.
  void Commit(Offset first_offset, Offset marker_offset);
  // The same; returns what is to be remembered of it.
  format::AbortedTxn Abort(ProducerId id, Offset first_offset, Offset marker_offset);

  // Where read_committed readers stop. Forgets ended transactions that are below the watermark.
  Offset LastStable(Offset high_watermark);

  // Aborted transactions with records or a marker in [from, to), by first offset.
  std::vector<format::AbortedTxn> AbortedIn(Offset from, Offset to) const;

  // Forgets, and returns, aborted transactions that lie wholly below the log start.
  std::vector<format::AbortedTxn> TruncateBelow(Offset log_start);

  // Forgets aborted transactions of which log compaction has left nothing.
  void Forget(const std::vector<format::AbortedTxn>& spent);

  // As read from the state family, in the order of its keys.
  void RestoreAborted(const format::AbortedTxn& txn) { aborted_.push_back(txn); }

 private:
  std::map<Offset, Offset> open_;            // first offset -> marker's offset, or kNoOffset
  std::vector<format::AbortedTxn> aborted_;  // by last offset
};

}  // namespace gneiss::engine
