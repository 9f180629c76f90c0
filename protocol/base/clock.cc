// SPDX-License-Identifier: Apache-2.0
#include "protocol/base/clock.h"

namespace gneiss {
namespace {

class SystemClock final : public Clock {
 public:
  TimestampMs WallMs() const override {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
  TimePoint Now() const override { return std::chrono::steady_clock::now(); }
};

}  // namespace

Clock& Clock::System() {
  static SystemClock clock;
  return clock;
}

}  // namespace gneiss
