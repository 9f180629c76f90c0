// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <set>

#include "engine/format.h"
#include "protocol/base/mutex.h"

namespace gneiss::engine {

// AttentionList names the partitions that want to be looked at before the housekeeper's next round:
// their settings changed, their log start was moved by a client, or they hold more than
// retention.bytes. Threads: any.
class AttentionList {
 public:
  void Add(const format::PartitionRef& ref) EXCLUDES(mutex_);
  void Stop() EXCLUDES(mutex_);

  enum class Wake { kAttention, kTimeout, kStopped };
  // Until somebody is listed, the time is over, or Stop.
  Wake Wait(std::chrono::nanoseconds timeout) EXCLUDES(mutex_);
  std::set<format::PartitionRef> Take() EXCLUDES(mutex_);
  // For as long, or until Stop.
  void Pause(std::chrono::nanoseconds time) EXCLUDES(mutex_);
  bool stopped() const EXCLUDES(mutex_);

 private:
  mutable Mutex mutex_;
  CondVar changed_;  // has one waiter
  std::set<format::PartitionRef> listed_ GUARDED_BY(mutex_);
  bool stopped_ GUARDED_BY(mutex_) = false;
};

}  // namespace gneiss::engine
