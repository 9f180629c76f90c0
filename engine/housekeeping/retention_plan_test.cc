// SPDX-License-Identifier: Apache-2.0
#include "engine/housekeeping/retention_plan.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace gneiss::engine {
namespace {

constexpr std::int64_t kBytes = 100;

// A log of parts of ten offsets and a hundred bytes each, with these newest timestamps.
class RetentionPlanTest : public ::testing::Test {
 protected:
  RetentionAnswer Decide(const std::vector<TimestampMs>& newest, TimestampMs now) {
    std::vector<LogPart> parts;
    for (const TimestampMs time : newest) {
      const auto end = static_cast<std::int64_t>(parts.size() + 1) * 10;
      parts.push_back({.max_offset = Offset(end - 1), .newest = time, .bytes = kBytes});
    }
    return DecideRetention({.parts = parts,
                            .visible_bytes = kBytes * static_cast<std::int64_t>(parts.size()),
                            .log_start = Offset(0),
                            .high_watermark = high_watermark_,
                            .now = now},
                           config_);
  }

  LogConfig config_{.retention_ms = 1000};
  Offset high_watermark_{std::numeric_limits<std::int64_t>::max()};
};

TEST_F(RetentionPlanTest, OlderThanRetentionMsGoes) {
  const RetentionAnswer answer = Decide({100, 200, 300}, 1201);
  EXPECT_EQ(answer.log_start, Offset(20));
  EXPECT_EQ(answer.reason, LogStartReason::kRetentionMs);
  EXPECT_EQ(answer.bytes, 2 * kBytes);
  EXPECT_EQ(answer.next_log_start, Offset(30));
  EXPECT_EQ(answer.next_expiry, 1300);
}

TEST_F(RetentionPlanTest, ExactlyRetentionMsOldStays) {
  EXPECT_EQ(Decide({100}, 1100).parts, 0u);
  EXPECT_EQ(Decide({100}, 1101).parts, 1u);
}

TEST_F(RetentionPlanTest, ATimestampInTheFuturePinsAllBehindIt) {
  EXPECT_EQ(Decide({100, 1'000'000, 100}, 5000).log_start, Offset(10));
  EXPECT_EQ(Decide({std::numeric_limits<TimestampMs>::max(), 100}, 5000).parts, 0u);
}

TEST_F(RetentionPlanTest, OldTimestampsGoAtOnceAsInKafka) {
  EXPECT_EQ(Decide({0, 1}, 10'000).log_start, Offset(20)) << "the newest part as well";
}

TEST_F(RetentionPlanTest, NothingAboveTheHighWatermarkGoes) {
  high_watermark_ = Offset(15);
  EXPECT_EQ(Decide({100, 100}, 5000).log_start, Offset(10));
}

TEST_F(RetentionPlanTest, WithoutRetentionMsTimeDoesNotCount) {
  config_.retention_ms = -1;
  const RetentionAnswer answer = Decide({0, 0}, 1'000'000'000);
  EXPECT_EQ(answer.parts, 0u);
  EXPECT_EQ(answer.next_log_start, kNoOffset);
}

TEST_F(RetentionPlanTest, AtLeastRetentionBytesStay) {
  config_.retention_ms = -1;
  config_.retention_bytes = 250;
  RetentionAnswer answer = Decide({0, 0, 0}, 0);
  EXPECT_EQ(answer.parts, 0u) << "without the first part 200 would be left";
  EXPECT_EQ(answer.bytes_until_expiry, 50);
  answer = Decide({0, 0, 0, 0}, 0);
  EXPECT_EQ(answer.log_start, Offset(10)) << "300 of 400 stay: the second part would leave 200";
  EXPECT_EQ(answer.reason, LogStartReason::kRetentionBytes);
  EXPECT_EQ(answer.bytes_until_expiry, 50);
  config_.retention_bytes = 200;
  EXPECT_EQ(Decide({0, 0, 0, 0}, 0).log_start, Offset(20)) << "exactly retention.bytes may stay";
}

TEST_F(RetentionPlanTest, SizeGoesFirstAndTimeGoesOnFromThere) {
  config_.retention_bytes = 300;
  const RetentionAnswer answer = Decide({100, 100, 9000, 9000}, 9500);
  EXPECT_EQ(answer.log_start, Offset(20));
  EXPECT_EQ(answer.reason, LogStartReason::kRetentionMs);
}

TEST_F(RetentionPlanTest, WithoutCleanupDeleteNothingGoes) {
  config_.cleanup_delete = false;
  config_.retention_bytes = 0;
  EXPECT_EQ(Decide({0, 0}, 1'000'000'000).parts, 0u);
}

}  // namespace
}  // namespace gneiss::engine
