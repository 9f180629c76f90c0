// SPDX-License-Identifier: Apache-2.0
#include "server/net/complaint_log.h"

#include <utility>

#include <glog/logging.h>

#include "server/limits.h"

namespace gneiss::server {

void ComplaintLog::Closing(const std::string& peer, const std::string& listener,
                           const std::string& reason) {
  int left_out = 0;
  {
    MutexLock lock(mutex_);
    const TimePoint now = clock_.Now();
    if (now - interval_began_ >= limits::kComplaintInterval) {
      interval_began_ = now;
      written_ = 0;
    }
    if (written_ >= limits::kComplaintsPerInterval) {
      ++left_out_;
      return;
    }
    ++written_;
    left_out = std::exchange(left_out_, 0);
  }
  if (left_out > 0) LOG(WARNING) << "more connections were closed for cause count=" << left_out;
  LOG(WARNING) << "closing a connection peer=" << peer << " listener=" << listener << ": "
               << reason;
}

}  // namespace gneiss::server
