// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>

namespace gneiss::engine {

class Committer;

// While a CommitBurst lives, what its thread appends wakes no committer; its end wakes each of them
// once. So the batches of one request join one write, and a committer is not woken only to wait for
// a mutex that its waker still holds: that cost two futex calls per request.
//   {
//     const CommitBurst burst;
//     for (...) log->Append(...);
//   }
// A burst within a burst is part of the outer one. Keep it short: until it ends, appends of other
// threads may wait with its own. Threads: the one that makes it.
class CommitBurst {
 public:
  CommitBurst();
  ~CommitBurst();
  CommitBurst(const CommitBurst&) = delete;
  CommitBurst& operator=(const CommitBurst&) = delete;

 private:
  friend class Committer;
  // Takes over waking `committer`; false when the thread has no burst or its list is full.
  static bool TakeOver(Committer& committer);

  static constexpr std::size_t kCommittersMax = 16;
  std::array<Committer*, kCommittersMax> committers_{};
  std::size_t count_ = 0;
  bool outermost_ = false;
};

}  // namespace gneiss::engine
