// SPDX-License-Identifier: Apache-2.0
#include "engine/cleaner/throttle.h"

#include <algorithm>

namespace gneiss::engine {
namespace {

constexpr std::chrono::milliseconds kBurst{100};
// Beyond this nobody means a bound; the default is the greatest double.
constexpr double kUnlimited = 1e15;
constexpr double kSlowest = 1;  // Kafka takes 0 and less as well

}  // namespace

void Throttle::SetRate(double bytes_per_second) {
  MutexLock lock(mutex_);
  bytes_per_second_.store(bytes_per_second);
  paid_until_ = {};
  stop_.NotifyAll();
}

std::chrono::nanoseconds Throttle::Reserve(std::size_t bytes, TimePoint now) {
  const double rate = bytes_per_second_.load(std::memory_order_relaxed);
  if (rate >= kUnlimited) return {};
  const std::chrono::duration<double> cost(static_cast<double>(bytes) / std::max(rate, kSlowest));
  MutexLock lock(mutex_);
  paid_until_ = std::max(paid_until_, now - kBurst) +
                std::chrono::duration_cast<std::chrono::nanoseconds>(cost);
  return std::max<std::chrono::nanoseconds>(paid_until_ - now, std::chrono::nanoseconds(0));
}

void Throttle::Spend(std::size_t bytes) {
  const std::chrono::nanoseconds wait = Reserve(bytes, clock_.Now());
  if (wait > std::chrono::nanoseconds(0)) Pause(wait);
}

void Throttle::Pause(std::chrono::nanoseconds time) {
  MutexLock lock(mutex_);
  if (!stopped()) stop_.WaitFor(mutex_, time);  // one that wakes too early does no harm
}

void Throttle::Stop() {
  MutexLock lock(mutex_);
  stopped_.store(true);
  stop_.NotifyAll();
}

}  // namespace gneiss::engine
