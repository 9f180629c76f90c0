// SPDX-License-Identifier: Apache-2.0
#include "engine/watermark_watchers.h"

#include <gtest/gtest.h>

namespace gneiss::engine {
namespace {

TEST(WatermarkWatchersTest, OneWakesWhenTheWatermarkIsAboveAndOnlyOnce) {
  WatermarkWatchers watchers;
  int woken = 0;
  EXPECT_NE(watchers.Add(Offset(5), [&] { ++woken; }), 0u);
  watchers.Raise(Offset(5));
  EXPECT_EQ(woken, 0);
  watchers.Raise(Offset(6));
  watchers.Raise(Offset(7));
  EXPECT_EQ(woken, 1);
}

TEST(WatermarkWatchersTest, OneThatWouldWakeAtOnceIsNotAdded) {
  WatermarkWatchers watchers;
  watchers.Raise(Offset(6));
  EXPECT_EQ(watchers.Add(Offset(5), [] { FAIL() << "told by the return value"; }), 0u);
  EXPECT_NE(watchers.Add(Offset(6), [] {}), 0u);
}

TEST(WatermarkWatchersTest, OneThatWasRemovedStaysAsleep) {
  WatermarkWatchers watchers;
  watchers.Remove(watchers.Add(Offset(0), [] { FAIL() << "was removed"; }));
  watchers.Raise(Offset(1));
  watchers.Close();
}

TEST(WatermarkWatchersTest, CloseWakesAllAndTakesNoMore) {
  WatermarkWatchers watchers;
  int woken = 0;
  watchers.Add(Offset(1), [&] { ++woken; });
  watchers.Add(Offset(2), [&] { ++woken; });
  watchers.Close();
  EXPECT_EQ(woken, 2);
  EXPECT_EQ(watchers.Add(Offset(9), [] { FAIL() << "it is closed"; }), 0u);
}

}  // namespace
}  // namespace gneiss::engine
