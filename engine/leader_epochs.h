// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "engine/format.h"
#include "engine/partition_log.h"
#include "protocol/base/ids.h"

namespace gneiss::engine {

// LeaderEpochs maps offsets to the leader epochs they were written in (KIP-101, KIP-320).
// A new epoch is kept in memory only until the first batch is written in it: it goes to disk with
// that batch, so that becoming the leader of an empty partition costs no write.
// Pure. Threads: one at a time.
class LeaderEpochs {
 public:
  // Epoch `epoch` begins at `start`, the log's end. Epochs that are not above the newest are
  // ignored; older epochs in which nothing was written are forgotten.
  void Begin(LeaderEpoch epoch, Offset start);

  LeaderEpoch latest() const;
  LeaderEpoch At(Offset offset) const;
  EpochEnd EndOf(LeaderEpoch epoch, Offset log_end) const;

  // Drops what lies wholly below the log start; the oldest epoch left begins no earlier than it.
  void TruncateBelow(Offset log_start);

  // What changed since the last call and has to be written.
  struct Changes {
    std::vector<format::EpochStart> put;
    std::vector<LeaderEpoch> erase;
  };
  Changes TakeChanges();

  // As read from the state family, in the order of its keys.
  void Restore(const format::EpochStart& start) { epochs_.push_back({start, true}); }

 private:
  struct Entry {
    format::EpochStart start;
    bool written = false;
  };
  void Forget(const Entry& entry);

  std::vector<Entry> epochs_;  // ascending in epoch and in start offset
  std::vector<LeaderEpoch> erased_;
  bool dirty_ = false;  // there is something for TakeChanges
};

}  // namespace gneiss::engine
