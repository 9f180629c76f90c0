// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>

#include "protocol/base/clock.h"
#include "protocol/base/mutex.h"

namespace gneiss::engine {

// Throttle holds log compaction to a rate, of bytes read and written by all its threads together.
// Threads: any.
class Throttle {
 public:
  Throttle(double bytes_per_second, Clock& clock)
      : bytes_per_second_(bytes_per_second), clock_(clock) {}

  // Forgets what is not paid yet, and wakes who waits for it.
  void SetRate(double bytes_per_second) EXCLUDES(mutex_);

  // Takes part of the rate, and waits until it is there. Returns at once after Stop.
  void Spend(std::size_t bytes) EXCLUDES(mutex_);

  // How long whoever spends `bytes` at `now` has to wait. Bursts up to a tenth of a second are
  // free.
  std::chrono::nanoseconds Reserve(std::size_t bytes, TimePoint now) EXCLUDES(mutex_);

  // Sleeps, but not beyond Stop.
  void Pause(std::chrono::nanoseconds time) EXCLUDES(mutex_);
  void Stop() EXCLUDES(mutex_);
  bool stopped() const { return stopped_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> bytes_per_second_;
  Clock& clock_;
  std::atomic<bool> stopped_ = false;
  Mutex mutex_;
  CondVar stop_;
  TimePoint paid_until_ GUARDED_BY(mutex_){};
};

}  // namespace gneiss::engine
