// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "protocol/base/clock.h"
#include "protocol/base/mutex.h"

namespace gneiss::server {

// ComplaintLog writes one warning for each connection that is closed for cause, but not more than
// limits.h allows per interval: a misdirected scanner must not fill the disk. What was left out is
// counted in the next line.
// Threads: any.
class ComplaintLog {
 public:
  explicit ComplaintLog(Clock& clock) : clock_(clock) {}

  // `reason` says what the peer did, as the end of a sentence.
  void Closing(const std::string& peer, const std::string& listener, const std::string& reason);

 private:
  Clock& clock_;
  Mutex mutex_;
  TimePoint interval_began_ GUARDED_BY(mutex_){};
  int written_ GUARDED_BY(mutex_) = 0;
  int left_out_ GUARDED_BY(mutex_) = 0;
};

}  // namespace gneiss::server
