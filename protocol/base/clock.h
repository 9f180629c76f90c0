// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "protocol/base/ids.h"

namespace gneiss {

using TimePoint = std::chrono::steady_clock::time_point;

// Clock is the only source of time below main(), so that tests can own it. Threads: any.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimestampMs WallMs() const = 0;  // milliseconds since the Unix epoch
  virtual TimePoint Now() const = 0;       // monotonic, for timeouts

  static Clock& System();
};

}  // namespace gneiss
