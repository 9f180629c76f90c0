// SPDX-License-Identifier: Apache-2.0
#include "engine/cleaner/cleanable_range.h"

#include <gtest/gtest.h>

#include <limits>

#include "engine/cleaner/throttle.h"

namespace gneiss::engine {
namespace {

LogFile File(std::int64_t min_offset, std::int64_t max_offset, std::int64_t bytes) {
  LogFile file;
  file.min_offset = Offset(min_offset);
  file.max_offset = Offset(max_offset);
  file.file_bytes = bytes;
  return file;
}

const std::vector<LogFile> kFiles = {File(0, 9, 100), File(10, 19, 200), File(20, 29, 400)};

TEST(CleanableRangeTest, FilesCountWhereTheyLie) {
  const CleanableRange range = Measure(kFiles, Offset(0), Offset(10), Offset(20));
  EXPECT_EQ(range.clean_bytes, 100U);
  EXPECT_EQ(range.dirty_bytes, 200U);
  EXPECT_DOUBLE_EQ(range.dirty_ratio(), 2.0 / 3);
}

TEST(CleanableRangeTest, AFileInTwoPartsCountsByItsOffsets) {
  const CleanableRange range = Measure(kFiles, Offset(0), Offset(15), Offset(25));
  EXPECT_EQ(range.clean_bytes, 200U);
  EXPECT_EQ(range.dirty_bytes, 300U);
}

TEST(CleanableRangeTest, WhatLiesBelowTheLogStartDoesNotCount) {
  const CleanableRange range = Measure(kFiles, Offset(15), Offset(15), Offset(30));
  EXPECT_EQ(range.clean_bytes, 0U);
  EXPECT_EQ(range.dirty_bytes, 600U) << "what is left of a file counts whole";
}

TEST(CleanableRangeTest, ABoundBelowTheFirstDirtyOffsetLeavesNothing) {
  const CleanableRange range = Measure(kFiles, Offset(0), Offset(20), Offset(5));
  EXPECT_EQ(range.dirty_bytes, 0U);
  EXPECT_EQ(range.to, Offset(20));
  EXPECT_EQ(range.dirty_ratio(), 0);
}

TEST(CleanableRangeTest, ARatioAboveTheLeastOneIsDueAndALagThatHasPassed) {
  LogConfig config;
  config.min_cleanable_dirty_ratio = 0.5;
  EXPECT_FALSE(IsDue({.clean_bytes = 100, .dirty_bytes = 100}, config));
  EXPECT_TRUE(IsDue({.clean_bytes = 100, .dirty_bytes = 101}, config));
  EXPECT_TRUE(IsDue({.clean_bytes = 100, .dirty_bytes = 1, .overdue = true}, config));
  EXPECT_FALSE(IsDue({.clean_bytes = 100, .dirty_bytes = 0, .overdue = true}, config));
}

TEST(ThrottleTest, WaitsForWhatGoesBeyondTheRate) {
  using std::chrono::milliseconds;
  Throttle throttle(1'000'000, Clock::System());
  const TimePoint now{std::chrono::hours(1)};
  EXPECT_EQ(throttle.Reserve(100'000, now), milliseconds(0)) << "a tenth of a second is free";
  EXPECT_EQ(throttle.Reserve(500'000, now), milliseconds(500));
  EXPECT_EQ(throttle.Reserve(100'000, now + milliseconds(400)), milliseconds(200));
  EXPECT_EQ(throttle.Reserve(100'000, now + milliseconds(5'000)), milliseconds(0));
}

TEST(ThrottleTest, AnotherRateForgetsWhatWasOwed) {
  using std::chrono::milliseconds;
  Throttle throttle(0, Clock::System());  // as slow as can be
  const TimePoint now{std::chrono::hours(1)};
  EXPECT_GT(throttle.Reserve(1'000'000, now), std::chrono::hours(1));
  throttle.SetRate(1'000'000);
  EXPECT_EQ(throttle.Reserve(100'000, now), milliseconds(0));
  EXPECT_EQ(throttle.Reserve(500'000, now), milliseconds(500));
}

TEST(ThrottleTest, TheDefaultIsNoBound) {
  Throttle throttle(std::numeric_limits<double>::max(), Clock::System());
  EXPECT_EQ(throttle.Reserve(std::size_t{1} << 40, TimePoint{}), std::chrono::nanoseconds(0));
}

TEST(ThrottleTest, NobodyWaitsAfterStop) {
  Throttle throttle(1, Clock::System());
  throttle.Stop();
  throttle.Spend(1'000'000'000);
  EXPECT_TRUE(throttle.stopped());
}

}  // namespace
}  // namespace gneiss::engine
