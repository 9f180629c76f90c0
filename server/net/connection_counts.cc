// SPDX-License-Identifier: Apache-2.0
#include "server/net/connection_counts.h"

namespace gneiss::server {

bool ConnectionCounts::HasRoom() const {
  MutexLock lock(mutex_);
  return total_ < quotas_.total;
}

bool ConnectionCounts::TryAdd(const std::string& ip) {
  const auto override = quotas_.per_ip_overrides.find(ip);
  const std::int32_t max =
      override == quotas_.per_ip_overrides.end() ? quotas_.per_ip : override->second;
  MutexLock lock(mutex_);
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
