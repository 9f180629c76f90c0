// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/group_timers.h"

#include <gtest/gtest.h>

namespace gneiss::server {
namespace {

TimePoint At(int seconds) { return TimePoint(std::chrono::seconds(seconds)); }

TEST(GroupTimersTest, NothingRunsAtFirst) {
  GroupTimers timers;
  EXPECT_EQ(timers.next(), std::nullopt);
  EXPECT_EQ(timers.PopDue(At(100)), std::nullopt);
}

TEST(GroupTimersTest, PopsInTheOrderOfDeadlines) {
  GroupTimers timers;
  timers.SetSession("late", At(9));
  timers.SetJoinPhase(At(5));
  timers.SetSession("early", At(3));
  EXPECT_EQ(timers.next(), At(3));
  EXPECT_EQ(timers.PopDue(At(2)), std::nullopt);
  EXPECT_EQ(timers.PopDue(At(9))->member, "early");
  EXPECT_EQ(timers.PopDue(At(9))->kind, GroupTimer::Kind::kJoinPhase);
  EXPECT_EQ(timers.PopDue(At(9))->member, "late");
  EXPECT_EQ(timers.PopDue(At(9)), std::nullopt);
}

TEST(GroupTimersTest, SettingAgainMovesTheDeadline) {
  GroupTimers timers;
  timers.SetSession("a", At(3));
  timers.SetSession("a", At(8));
  EXPECT_EQ(timers.next(), At(8));
  EXPECT_EQ(timers.PopDue(At(7)), std::nullopt);
  EXPECT_TRUE(timers.PopDue(At(8)).has_value());
  EXPECT_EQ(timers.next(), std::nullopt);
}

TEST(GroupTimersTest, CancelledTimersDoNotFire) {
  GroupTimers timers;
  timers.SetSession("a", At(3));
  timers.SetSyncPhase(At(4));
  timers.CancelSession("a");
  timers.CancelSession("never set");
  timers.CancelSyncPhase();
  EXPECT_EQ(timers.PopDue(At(10)), std::nullopt);
  timers.SetJoinPhase(At(5));
  timers.Clear();
  EXPECT_EQ(timers.next(), std::nullopt);
}

}  // namespace
}  // namespace gneiss::server
