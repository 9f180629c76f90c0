// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "protocol/base/clock.h"
#include "protocol/base/mutex.h"

namespace gneiss::server {

// max.connections, max.connections.per.ip and its overrides, which go by the address as text, and
// max.connection.creation.rate.
struct ConnectionQuotas {
  std::int32_t total = 0;
  std::int32_t per_ip = 0;
  std::map<std::string, std::int32_t> per_ip_overrides;
  std::int32_t accepts_per_second = 2'147'483'647;
};

// ConnectionCounts counts the open connections of a broker, in all and per peer address, and how
// fast they come.
// Threads: any.
class ConnectionCounts {
 public:
  explicit ConnectionCounts(ConnectionQuotas quotas) : quotas_(std::move(quotas)) {}

  // Holds from the next connection on; those that are open stay.
  void SetQuotas(ConnectionQuotas quotas);

  // Whether one more may be accepted at all.
  bool HasRoom() const;
  // How long to wait before the next one is accepted; zero: it may come now, and is counted as
  // having come. The connections of one second may come at once.
  std::chrono::nanoseconds DelayOfNext(TimePoint now);
  // Counts a connection from `ip`, unless that address has its share already.
  bool TryAdd(const std::string& ip);
  void Remove(const std::string& ip);

 private:
  mutable Mutex mutex_;
  ConnectionQuotas quotas_ GUARDED_BY(mutex_);
  std::int32_t total_ GUARDED_BY(mutex_) = 0;
  std::map<std::string, std::int32_t> by_ip_ GUARDED_BY(mutex_);
  TimePoint accepted_until_ GUARDED_BY(mutex_){};  // the time that is used up by what has come
};

}  // namespace gneiss::server
