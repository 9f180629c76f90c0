// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "protocol/base/clock.h"

namespace gneiss::server {

// A timer of one group.
struct GroupTimer {
  enum class Kind {
    kJoinPhase,  // the wait for the members to join ends
    kSyncPhase,  // the wait for the members to ask for their assignment ends
    kSession,    // nothing was heard of `member`, or it did not come back with the id it was given
    // In groups of the new protocol, where members have their own timers:
    kRevocation,  // `member` has not given up the partitions that it is to give up
    kRejoin,      // a classic `member` was told to join again and has not
    kSync,        // a classic `member` has joined and not asked for its assignment
  };
  Kind kind;
  std::string member;  // of the kinds that name it

  auto operator<=>(const GroupTimer&) const = default;
};

// GroupTimers holds the deadlines of one group, so that its shard needs to know only the earliest.
// Every operation costs the logarithm of the number of members.
// Threads: under the mutex of the group's shard.
class GroupTimers {
 public:
  // Starts the timer, anew if it runs already.
  void Set(const GroupTimer& timer, TimePoint deadline);
  void Cancel(const GroupTimer& timer);
  void Clear();
  bool Has(const GroupTimer& timer) const { return deadlines_.contains(timer); }

  std::optional<TimePoint> next() const;
  // The earliest timer whose deadline is not after `now`, which thereby stops; none if there is
  // none.
  std::optional<GroupTimer> PopDue(TimePoint now);

  void SetJoinPhase(TimePoint deadline) { Set({GroupTimer::Kind::kJoinPhase, {}}, deadline); }
  void CancelJoinPhase() { Cancel({GroupTimer::Kind::kJoinPhase, {}}); }
  void SetSyncPhase(TimePoint deadline) { Set({GroupTimer::Kind::kSyncPhase, {}}, deadline); }
  void CancelSyncPhase() { Cancel({GroupTimer::Kind::kSyncPhase, {}}); }
  void SetSession(const std::string& member, TimePoint deadline) {
    Set({GroupTimer::Kind::kSession, member}, deadline);
  }
  void CancelSession(const std::string& member) { Cancel({GroupTimer::Kind::kSession, member}); }
  void SetRevocation(const std::string& member, TimePoint deadline) {
    Set({GroupTimer::Kind::kRevocation, member}, deadline);
  }
  void CancelRevocation(const std::string& member) {
    Cancel({GroupTimer::Kind::kRevocation, member});
  }

 private:
  std::map<GroupTimer, TimePoint> deadlines_;
  std::set<std::pair<TimePoint, GroupTimer>> by_deadline_;  // the same, earliest first
};

}  // namespace gneiss::server
