// SPDX-License-Identifier: Apache-2.0
#include "engine/housekeeping/attention_list.h"

#include <algorithm>
#include <utility>

namespace gneiss::engine {

void AttentionList::Add(const format::PartitionRef& ref, Look look) {
  MutexLock lock(mutex_);
  const auto [at, is_new] = listed_.emplace(ref, look);
  at->second = std::max(at->second, look);
  if (is_new && listed_.size() == 1) changed_.NotifyAll();
}

void AttentionList::Stop() {
  MutexLock lock(mutex_);
  stopped_ = true;
  changed_.NotifyAll();
}

AttentionList::Wake AttentionList::Wait(std::chrono::nanoseconds timeout) {
  const auto until = std::chrono::steady_clock::now() + timeout;
  MutexLock lock(mutex_);
  while (!stopped_ && listed_.empty()) {
    const auto left = until - std::chrono::steady_clock::now();
    if (left <= left.zero()) return Wake::kTimeout;
    changed_.WaitFor(mutex_, left);
  }
  return stopped_ ? Wake::kStopped : Wake::kAttention;
}

void AttentionList::Pause(std::chrono::nanoseconds time) {
  const auto until = std::chrono::steady_clock::now() + time;
  MutexLock lock(mutex_);
  while (!stopped_) {
    const auto left = until - std::chrono::steady_clock::now();
    if (left <= left.zero()) return;
    changed_.WaitFor(mutex_, left);
  }
}

AttentionList::Listed AttentionList::Take() {
  MutexLock lock(mutex_);
  return std::exchange(listed_, {});
}

bool AttentionList::stopped() const {
  MutexLock lock(mutex_);
  return stopped_;
}

}  // namespace gneiss::engine
