// SPDX-License-Identifier: Apache-2.0
#include "engine/housekeeping/merge_plan.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace gneiss::engine {
namespace {

constexpr std::int64_t kKilobyte = 1024;

class MergePlanTest : public ::testing::Test {
 protected:
  // A flush of so many bytes; its predecessor is moved down.
  void Flush(std::int64_t bytes, TimestampMs at = 0) {
    if (!files_.empty()) files_.back().level = 1;
    LogFile& file = files_.emplace_back();
    file.written_first = at;
    file.file_bytes = bytes;
    written_ += bytes;
  }

  std::optional<MergeRange> Choose() const { return ChooseMerge(files_, rules_); }

  void MergeAll() {
    while (const auto range = Choose()) {
      const auto first = files_.begin() + static_cast<std::ptrdiff_t>(range->first);
      const auto last = first + static_cast<std::ptrdiff_t>(range->count);
      for (auto file = first + 1; file != last; ++file) first->file_bytes += file->file_bytes;
      rewritten_ += first->file_bytes;
      files_.erase(first + 1, last);
    }
  }

  MergeRules rules_{.bytes_max = 32 * kKilobyte * kKilobyte,
                    .split_bytes = std::numeric_limits<std::int64_t>::max(),
                    .span_ms_max = std::numeric_limits<std::int64_t>::max(),
                    .fan_in = 8};
  std::vector<LogFile> files_;
  std::int64_t written_ = 0;
  std::int64_t rewritten_ = 0;
};

TEST_F(MergePlanTest, WaitsForEnoughSmallFiles) {
  for (int i = 0; i < 8; ++i) Flush(kKilobyte);
  EXPECT_FALSE(Choose()) << "the eighth is in level 0 still";
  Flush(kKilobyte);
  ASSERT_TRUE(Choose());
  EXPECT_EQ(Choose()->first, 0u);
  EXPECT_EQ(Choose()->count, 8u);
}

TEST_F(MergePlanTest, FilesOfHalfTheGoalAreLeftAlone) {
  for (int i = 0; i < 30; ++i) Flush(rules_.bytes_max / 2 + 1);
  EXPECT_FALSE(Choose());
}

TEST_F(MergePlanTest, NothingIsMergedBeyondTheGoal) {
  rules_.bytes_max = 10 * kKilobyte;
  for (int i = 0; i < 100; ++i) {
    Flush(kKilobyte);
    MergeAll();
  }
  for (const LogFile& file : files_) EXPECT_LE(file.file_bytes, rules_.bytes_max);
  EXPECT_LE(files_.size(), 22u);
}

TEST_F(MergePlanTest, WhatIsTooFarApartInTimeStaysApart) {
  rules_.span_ms_max = 100;
  for (TimestampMs at = 0; at < 1000; at += 30) Flush(kKilobyte, at);
  MergeAll();
  EXPECT_GE(files_.size(), 8u) << "a file spans at most 100 of the 1000 ms";
  EXPECT_LE(files_.size(), 14u) << "and those whose time is over do not wait for more";
}

TEST_F(MergePlanTest, RetentionStaysFine) {
  LogConfig config;
  config.retention_ms = 8000;
  config.segment_bytes = 1 << 20;
  EXPECT_EQ(MergeRulesOf(config).span_ms_max, 1000);
  EXPECT_EQ(MergeRulesOf(config).bytes_max, 1 << 20);
  config.segment_ms = 500;
  EXPECT_EQ(MergeRulesOf(config).span_ms_max, 500);
}

// However small and uneven the flushes are: few files, and few rewrites of each byte.
TEST_F(MergePlanTest, FilesAndRewritesGrowWithTheLogarithm) {
  for (const std::int64_t flush : {6 * kKilobyte, 64 * kKilobyte, 320 * kKilobyte}) {
    std::mt19937 random(1);
    std::exponential_distribution<double> size(1.0 / static_cast<double>(flush));
    files_.clear();
    written_ = rewritten_ = 0;
    std::size_t small_max = 0;
    for (int i = 0; i < 3000; ++i) {
      Flush(std::max<std::int64_t>(kKilobyte, std::llround(size(random))));
      MergeAll();
      std::size_t small = 0;
      for (const LogFile& file : files_) small += file.file_bytes * 2 <= rules_.bytes_max ? 1 : 0;
      small_max = std::max(small_max, small);
    }
    EXPECT_LE(small_max, 20u) << flush;
    const double rewrites = static_cast<double>(rewritten_) / static_cast<double>(written_);
    EXPECT_LE(rewrites, std::log2(static_cast<double>(rules_.bytes_max / flush)) / 2) << flush;
  }
}

}  // namespace
}  // namespace gneiss::engine
