// SPDX-License-Identifier: Apache-2.0
#include "engine/cleaner/throttle.h"

#include <algorithm>

namespace gneiss::engine {
namespace {

constexpr std::chrono::milliseconds kBurst{100};
// Beyond this nobody means a bound; the default is the greatest double.
constexpr double kUnlimited = 1e15;

}  // namespace

std::chrono::nanoseconds Throttle::Reserve(std::size_t bytes, TimePoint now) {
  if (bytes_per_second_ >= kUnlimited) return {};
  const std::chrono::duration<double> cost(static_cast<double>(bytes) / bytes_per_second_);
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
