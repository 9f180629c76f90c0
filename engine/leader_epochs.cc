// SPDX-License-Identifier: Apache-2.0
#include "engine/leader_epochs.h"

#include <algorithm>
#include <utility>

namespace gneiss::engine {

void LeaderEpochs::Begin(LeaderEpoch epoch, Offset start) {
  if (epoch <= latest()) return;
  while (!epochs_.empty() && epochs_.back().start.start_offset >= start) {
    Forget(epochs_.back());
    epochs_.pop_back();
  }
  epochs_.push_back({{epoch, start}, false});
  dirty_ = true;
}

LeaderEpoch LeaderEpochs::latest() const {
  return epochs_.empty() ? kNoLeaderEpoch : epochs_.back().start.epoch;
}

LeaderEpoch LeaderEpochs::At(Offset offset) const {
  const auto above = std::ranges::upper_bound(
      epochs_, offset, {}, [](const Entry& entry) { return entry.start.start_offset; });
  return above == epochs_.begin() ? kNoLeaderEpoch : std::prev(above)->start.epoch;
}

EpochEnd LeaderEpochs::EndOf(LeaderEpoch epoch, Offset log_end) const {
  // Nothing is known of epochs to come, nor of those before the first.
  if (epochs_.empty() || epoch > latest()) return {};
  const auto above = std::ranges::upper_bound(epochs_, epoch, {},
                                              [](const Entry& entry) { return entry.start.epoch; });
  if (above == epochs_.begin()) return {};
  const Offset end = above == epochs_.end() ? log_end : above->start.start_offset;
  return {std::prev(above)->start.epoch, end};
}

void LeaderEpochs::TruncateBelow(Offset log_start) {
  // An entry is needed while the next one begins above the log start.
  while (epochs_.size() > 1 && epochs_[1].start.start_offset <= log_start) {
    Forget(epochs_.front());
    epochs_.erase(epochs_.begin());
  }
  if (!epochs_.empty() && epochs_.front().start.start_offset < log_start) {
    epochs_.front().start.start_offset = log_start;
    epochs_.front().written = false;
    dirty_ = true;
  }
}

LeaderEpochs::Changes LeaderEpochs::TakeChanges() {
  Changes changes;
  if (!std::exchange(dirty_, false)) return changes;
  changes.erase = std::exchange(erased_, {});
  for (Entry& entry : epochs_) {
    if (!std::exchange(entry.written, true)) changes.put.push_back(entry.start);
  }
  return changes;
}

void LeaderEpochs::Forget(const Entry& entry) {
  if (!entry.written) return;
  erased_.push_back(entry.start.epoch);
  dirty_ = true;
}

}  // namespace gneiss::engine
