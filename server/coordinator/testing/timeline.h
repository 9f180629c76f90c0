// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <tuple>

#include "protocol/base/clock.h"

namespace gneiss::server {

// Timeline runs the events of a simulation in the order of time, and time with them.
// Threads: one.
class Timeline {
 public:
  TimePoint now() const { return now_; }
  void At(TimePoint time, std::function<void()> event) {
    events_.push({time, next_++, std::move(event)});
  }
  void After(std::chrono::milliseconds delay, std::function<void()> event) {
    At(now_ + delay, std::move(event));
  }
  // Runs the next event if it is not after `limit`.
  bool Step(TimePoint limit) {
    if (events_.empty() || events_.top().time > limit) return false;
    const Event event = events_.top();
    events_.pop();
    now_ = std::max(now_, event.time);
    event.run();
    return true;
  }
  std::optional<TimePoint> next() const {
    if (events_.empty()) return std::nullopt;
    return events_.top().time;
  }
  void MoveTo(TimePoint time) { now_ = std::max(now_, time); }

 private:
  struct Event {
    TimePoint time;
    std::uint64_t order;
    std::function<void()> run;
    bool operator<(const Event& other) const {
      return std::tie(other.time, other.order) < std::tie(time, order);
    }
  };
  TimePoint now_{std::chrono::hours(1)};
  std::uint64_t next_ = 0;
  std::priority_queue<Event> events_;
};

}  // namespace gneiss::server
