// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>

#include "engine/format.h"
#include "protocol/base/mutex.h"

namespace gneiss::engine {

// AttentionList names the partitions that want to be looked at before the housekeeper's next round:
// their settings changed, their log start was moved by a client, or they hold more than
// retention.bytes. Threads: any.
class AttentionList {
 public:
  // What is to be looked at; the greater one holds when both are asked for.
  enum class Look {
    kSpace,      // what lies below the log start. Retention is judged with the next round: a client
                 // that deletes old records would else find the rest gone as well
    kRetention,  // that, and what has expired
  };
  using Listed = std::map<format::PartitionRef, Look>;

  void Add(const format::PartitionRef& ref, Look look) EXCLUDES(mutex_);
  void Stop() EXCLUDES(mutex_);

  enum class Wake { kAttention, kTimeout, kStopped };
  // Until somebody is listed, the time is over, or Stop.
  Wake Wait(std::chrono::nanoseconds timeout) EXCLUDES(mutex_);
  Listed Take() EXCLUDES(mutex_);
  // For as long, or until Stop.
  void Pause(std::chrono::nanoseconds time) EXCLUDES(mutex_);
  bool stopped() const EXCLUDES(mutex_);

 private:
  mutable Mutex mutex_;
  CondVar changed_;  // has one waiter
  Listed listed_ GUARDED_BY(mutex_);
  bool stopped_ GUARDED_BY(mutex_) = false;
};

}  // namespace gneiss::engine
