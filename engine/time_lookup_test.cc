// SPDX-License-Identifier: Apache-2.0
#include "engine/time_lookup.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "engine/testing/log_fixture.h"

namespace gneiss::engine {
namespace {

using testing::BatchOf;
using testing::Values;

constexpr Offset kNoBound{std::numeric_limits<std::int64_t>::max()};

class TimeLookupTest : public testing::LogFixture {
 protected:
  // One batch of records with these timestamps.
  void AppendAt(const std::vector<TimestampMs>& timestamps) {
    Append(BatchOf(Values(timestamps.size(), "x"), {}, timestamps));
  }

  // offset and timestamp; (-1, -1) for none.
  using Found = std::pair<std::int64_t, TimestampMs>;
  static Found Shown(const Result<std::optional<TimestampOffset>>& found) {
    EXPECT_TRUE(found.has_value()) << found.error().detail;
    if (!found || !*found) return {-1, -1};
    return {(*found)->offset.value(), (*found)->timestamp};
  }
  Found First(TimestampMs target, Offset bound = kNoBound) {
    return Shown(log_->FindTimestamp(target, bound));
  }
  Found Greatest(Offset bound = kNoBound) { return Shown(log_->FindMaxTimestamp(bound)); }
};

TEST_F(TimeLookupTest, AnEmptyLogHasNothing) {
  EXPECT_EQ(First(0), Found(-1, -1));
  EXPECT_EQ(Greatest(), Found(-1, -1));
}

TEST_F(TimeLookupTest, TheFirstRecordAtOrAfterIsFound) {
  AppendAt({10, 20});
  AppendAt({30, 40});
  EXPECT_EQ(First(0), Found(0, 10));
  EXPECT_EQ(First(20), Found(1, 20));
  EXPECT_EQ(First(21), Found(2, 30));
  EXPECT_EQ(First(41), Found(-1, -1));
}

TEST_F(TimeLookupTest, OutOfOrderTimestampsAreLookedUpExactly) {
  AppendAt({50, 10});
  AppendAt({5});
  AppendAt({20, 60, 60});
  EXPECT_EQ(First(20), Found(0, 50));
  EXPECT_EQ(First(51), Found(4, 60));
  EXPECT_EQ(Greatest(), Found(4, 60));  // the earliest of the greatest
}

TEST_F(TimeLookupTest, RecordsBelowTheLogStartAndAboveTheBoundDoNotCount) {
  AppendAt({100, 10});
  AppendAt({20, 90});
  ASSERT_TRUE(AdvanceLogStart(Offset(1)));
  EXPECT_EQ(First(15), Found(2, 20));
  EXPECT_EQ(First(95), Found(-1, -1));
  EXPECT_EQ(Greatest(), Found(3, 90));
  EXPECT_EQ(First(30, Offset(3)), Found(-1, -1));
  EXPECT_EQ(Greatest(Offset(3)), Found(2, 20));
}

TEST_F(TimeLookupTest, RecordsWithoutTimestampsHaveNoGreatest) {
  AppendAt({kNoTimestamp, kNoTimestamp});
  EXPECT_EQ(Greatest(), Found(-1, -1));
}

// Files are skipped by what their properties say; wherever the borders of files, batches, log
// start and bound lie, the answer must be that of a scan.
TEST_F(TimeLookupTest, SkippingFilesGivesTheSameAsAScan) {
  std::mt19937 random(7);
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  std::vector<TimestampMs> all;
  for (int batch = 0; batch < 60; ++batch) {
    std::vector<TimestampMs> timestamps;
    for (int i = 0; i <= below(4); ++i) timestamps.push_back(batch * 10 + below(200));
    all.insert(all.end(), timestamps.begin(), timestamps.end());
    AppendAt(timestamps);
    if (below(6) == 0) Flush();
    if (batch == 30) Reopen();
  }
  for (const std::size_t start : {std::size_t{0}, std::size_t{1}, all.size() / 3}) {
    ASSERT_TRUE(AdvanceLogStart(Offset(static_cast<std::int64_t>(start))));
    for (std::size_t bound = start; bound <= all.size(); bound += 3) {
      const auto first = all.begin() + static_cast<std::ptrdiff_t>(start);
      const auto last = all.begin() + static_cast<std::ptrdiff_t>(bound);
      const auto shown = [&](auto at) {
        return at == last ? Found(-1, -1) : Found(at - all.begin(), *at);
      };
      const Offset end(static_cast<std::int64_t>(bound));
      EXPECT_EQ(Greatest(end), shown(std::max_element(first, last)));
      const TimestampMs target = below(800);
      EXPECT_EQ(First(target, end),
                shown(std::find_if(first, last, [&](TimestampMs t) { return t >= target; })))
          << "start=" << start << " bound=" << bound << " target=" << target;
    }
  }
}

}  // namespace
}  // namespace gneiss::engine
