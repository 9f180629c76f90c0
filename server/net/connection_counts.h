// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "protocol/base/mutex.h"

namespace gneiss::server {

// max.connections, max.connections.per.ip and its overrides, which go by the address as text.
struct ConnectionQuotas {
  std::int32_t total = 0;
  std::int32_t per_ip = 0;
  std::map<std::string, std::int32_t> per_ip_overrides;
};

// ConnectionCounts counts the open connections of a broker, in all and per peer address.
// Threads: any.
class ConnectionCounts {
 public:
  explicit ConnectionCounts(ConnectionQuotas quotas) : quotas_(std::move(quotas)) {}

  // Whether one more may be accepted at all.
  bool HasRoom() const;
  // Counts a connection from `ip`, unless that address has its share already.
  bool TryAdd(const std::string& ip);
  void Remove(const std::string& ip);

 private:
  const ConnectionQuotas quotas_;
  mutable Mutex mutex_;
  std::int32_t total_ GUARDED_BY(mutex_) = 0;
  std::map<std::string, std::int32_t> by_ip_ GUARDED_BY(mutex_);
};

}  // namespace gneiss::server
