// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/group_timers.h"

namespace gneiss::server {

void GroupTimers::Set(const GroupTimer& timer, TimePoint deadline) {
  const auto [at, is_new] = deadlines_.try_emplace(timer, deadline);
  if (!is_new) {
    if (at->second == deadline) return;
    by_deadline_.erase({at->second, timer});
    at->second = deadline;
  }
  by_deadline_.emplace(deadline, timer);
}

void GroupTimers::Cancel(const GroupTimer& timer) {
  const auto at = deadlines_.find(timer);
  if (at == deadlines_.end()) return;
  by_deadline_.erase({at->second, timer});
  deadlines_.erase(at);
}

void GroupTimers::Clear() {
  deadlines_.clear();
  by_deadline_.clear();
}

std::optional<TimePoint> GroupTimers::next() const {
  if (by_deadline_.empty()) return std::nullopt;
  return by_deadline_.begin()->first;
}

std::optional<GroupTimer> GroupTimers::PopDue(TimePoint now) {
  if (by_deadline_.empty() || by_deadline_.begin()->first > now) return std::nullopt;
  GroupTimer timer = by_deadline_.begin()->second;
  by_deadline_.erase(by_deadline_.begin());
  deadlines_.erase(timer);
  return timer;
}

}  // namespace gneiss::server
