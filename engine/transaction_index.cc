// SPDX-License-Identifier: Apache-2.0
#include "engine/transaction_index.h"

#include <algorithm>
#include <set>

namespace gneiss::engine {

void TransactionIndex::Commit(Offset first_offset, Offset marker_offset) {
  const auto at = open_.find(first_offset);
  if (at != open_.end()) at->second = marker_offset;
}

format::AbortedTxn TransactionIndex::Abort(ProducerId id, Offset first_offset,
                                           Offset marker_offset) {
  Commit(first_offset, marker_offset);
  // Readers whose data ends at or below this offset need not look at later entries.
  Offset stable = marker_offset + 1;
  for (const auto& [first, marker] : open_) {
    if (marker == kNoOffset) {
      stable = first;
      break;
    }
  }
  aborted_.push_back({.last_offset = marker_offset,
                      .producer_id = id,
                      .first_offset = first_offset,
                      .last_stable_offset = stable});
  return aborted_.back();
}

Offset TransactionIndex::LastStable(Offset high_watermark) {
  while (!open_.empty()) {
    const auto [first, marker] = *open_.begin();
    if (marker == kNoOffset || marker >= high_watermark) return std::min(first, high_watermark);
    open_.erase(open_.begin());
  }
  return high_watermark;
}

std::vector<format::AbortedTxn> TransactionIndex::AbortedIn(Offset from, Offset to) const {
  std::vector<format::AbortedTxn> found;
  auto at = std::ranges::lower_bound(aborted_, from, {}, &format::AbortedTxn::last_offset);
  for (; at != aborted_.end(); ++at) {
    if (at->first_offset < to) found.push_back(*at);
    // All later markers end transactions that began at or behind this point.
    if (at->last_stable_offset >= to) break;
  }
  std::ranges::sort(found, {}, &format::AbortedTxn::first_offset);
  return found;
}

std::vector<format::AbortedTxn> TransactionIndex::TruncateBelow(Offset log_start) {
  const auto keep =
      std::ranges::lower_bound(aborted_, log_start, {}, &format::AbortedTxn::last_offset);
  std::vector<format::AbortedTxn> gone(aborted_.begin(), keep);
  aborted_.erase(aborted_.begin(), keep);
  return gone;
}

void TransactionIndex::Forget(const std::vector<format::AbortedTxn>& spent) {
  if (spent.empty()) return;
  std::set<Offset> markers;
  for (const format::AbortedTxn& txn : spent) markers.insert(txn.last_offset);
  std::erase_if(aborted_, [&](const auto& txn) { return markers.contains(txn.last_offset); });
}

}  // namespace gneiss::engine
