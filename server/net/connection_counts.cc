// SPDX-License-Identifier: Apache-2.0
#include "server/net/connection_counts.h"

#include <algorithm>
#include <utility>

namespace gneiss::server {

void ConnectionCounts::SetQuotas(ConnectionQuotas quotas) {
  MutexLock lock(mutex_);
  quotas_ = std::move(quotas);
}

std::chrono::nanoseconds ConnectionCounts::DelayOfNext(TimePoint now) {
  using std::chrono::nanoseconds;
  using std::chrono::seconds;
  MutexLock lock(mutex_);
  const nanoseconds share = nanoseconds(seconds(1)) / std::max(quotas_.accepts_per_second, 1);
  // One second's worth may lie ahead of the clock.
  const TimePoint earliest = accepted_until_ + share - seconds(1);
  if (earliest > now) return earliest - now;
  accepted_until_ = std::max(accepted_until_, now) + share;
  return nanoseconds(0);
}

bool ConnectionCounts::HasRoom() const {
  MutexLock lock(mutex_);
  return total_ < quotas_.total;
}

bool ConnectionCounts::TryAdd(const std::string& ip) {
  MutexLock lock(mutex_);
  const auto override = quotas_.per_ip_overrides.find(ip);
  const std::int32_t max =
      override == quotas_.per_ip_overrides.end() ? quotas_.per_ip : override->second;
  const auto counted = by_ip_.find(ip);
  if (counted == by_ip_.end() ? max <= 0 : counted->second >= max) return false;
  ++by_ip_[ip];
  ++total_;
  return true;
}

void ConnectionCounts::Remove(const std::string& ip) {
  MutexLock lock(mutex_);
  const auto counted = by_ip_.find(ip);
  if (--counted->second == 0) by_ip_.erase(counted);
  --total_;
}

}  // namespace gneiss::server
