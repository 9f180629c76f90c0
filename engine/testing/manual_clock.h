// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

#include "protocol/base/clock.h"

namespace gneiss::engine::testing {

// A clock that stands still until it is moved. Threads: one.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(TimestampMs wall_ms = 1'700'000'000'000) : wall_ms_(wall_ms) {}

  TimestampMs WallMs() const override { return wall_ms_; }
  TimePoint Now() const override { return TimePoint(std::chrono::milliseconds(wall_ms_)); }
  void Advance(std::int64_t ms) { wall_ms_ += ms; }

 private:
  TimestampMs wall_ms_;
};

}  // namespace gneiss::engine::testing
