// SPDX-License-Identifier: Apache-2.0
#include "engine/time_marks.h"

#include <gtest/gtest.h>

#include "protocol/base/shared_bytes.h"

namespace gneiss::engine {
namespace {

constexpr std::size_t kHalfMark = kTimeMarkBytes / 2;

TEST(FileTimeMarksTest, AMarkPerRunOfBatchesHoldsItsGreatestTimestamp) {
  FileTimeMarks marks;
  marks.Add(Offset(4), 50, kHalfMark);
  marks.Add(Offset(5), 40, kHalfMark);
  marks.Add(Offset(9), 10, kHalfMark);
  EXPECT_EQ(marks.marks(), (std::vector<TimeMark>{{Offset(5), 50}, {Offset(9), 10}}));
}

TEST(FileTimeMarksTest, ABatchAboveTheDistanceHasAMarkOfItsOwn) {
  FileTimeMarks marks;
  for (int i = 0; i < 3; ++i) marks.Add(Offset(i), i, 10 * kTimeMarkBytes);
  EXPECT_EQ(marks.marks().size(), 3u);
}

// However large the file: few marks, in few bytes, that lie evenly and end at its last batch.
TEST(FileTimeMarksTest, LargeFilesHaveMarksFurtherApart) {
  FileTimeMarks marks;
  constexpr std::int64_t kBatches = 1 << 17;  // 4 GB
  for (std::int64_t i = 0; i < kBatches; ++i) {
    marks.Add(Offset(i * 10), 1'700'000'000'000 + i * 7, kHalfMark);
  }
  EXPECT_LE(marks.marks().size(), kFileTimeMarksMax);
  EXPECT_GT(marks.marks().size(), kFileTimeMarksMax / 2 - 1);
  EXPECT_EQ(marks.marks().back().last_offset, Offset((kBatches - 1) * 10));
  Offset before(-10);
  for (const TimeMark& mark : marks.marks()) {
    EXPECT_LE(mark.last_offset - before, 10 * kBatches / 1024);
    EXPECT_EQ(mark.max_timestamp, 1'700'000'000'000 + mark.last_offset.value() / 10 * 7);
    before = mark.last_offset;
  }
  EXPECT_LE(format::EncodeTimeMarks(marks.marks()).size(), std::size_t{5} * kFileTimeMarksMax);
}

class RecentTimesTest : public ::testing::Test {
 protected:
  void Add(std::int64_t base, std::int64_t last, TimestampMs time, std::size_t bytes = kHalfMark) {
    recent_.Add(Offset(base), Offset(last), time, bytes);
  }

  RecentTimes recent_{Offset(10)};
};

TEST_F(RecentTimesTest, CoversWhatWasAdded) {
  EXPECT_EQ(recent_.from(), recent_.end());
  Add(10, 11, 5);
  Add(12, 12, 9);
  Add(13, 20, 1);
  EXPECT_EQ(recent_.from(), Offset(10));
  EXPECT_EQ(recent_.end(), Offset(21));
  EXPECT_EQ(recent_.marks(), (std::vector<TimeMark>{{Offset(12), 9}, {Offset(20), 1}}));
}

// A mark across a hole would claim to know what it does not.
TEST_F(RecentTimesTest, ForgetsEverythingAtAHole) {
  Add(10, 11, 5);
  Add(15, 15, 9);
  EXPECT_EQ(recent_.from(), Offset(15));
  EXPECT_EQ(recent_.marks(), (std::vector<TimeMark>{{Offset(15), 9}}));
}

TEST_F(RecentTimesTest, ForgetsTheOlderHalfWhenItIsFull) {
  std::size_t most = 0;
  for (std::int64_t i = 10; i < 5000; ++i) {
    Add(i, i, i, kTimeMarkBytes);
    most = std::max(most, recent_.marks().size());
    ASSERT_EQ(recent_.marks().front().last_offset, recent_.from());
  }
  EXPECT_LE(most, 1024u);
  EXPECT_EQ(recent_.end(), Offset(5000));
  EXPECT_EQ(recent_.marks().back(), (TimeMark{Offset(4999), 4999}));
}

TEST_F(RecentTimesTest, TakesEarlierMarksThatJoin) {
  RecentTimes earlier(Offset(2));
  earlier.AddBehindGap(Offset(4), 7, kTimeMarkBytes);
  earlier.AddBehindGap(Offset(6), 8, kTimeMarkBytes);
  RecentTimes apart = recent_;
  apart.Extend(earlier);  // 7, 8 and 9 are unknown
  EXPECT_EQ(apart.from(), Offset(10));

  earlier.CloseAt(Offset(10));
  Add(10, 10, 5);
  recent_.Extend(earlier);
  EXPECT_EQ(recent_.from(), Offset(2));
  Add(11, 11, 6, 1);
  EXPECT_EQ(recent_.marks(),
            (std::vector<TimeMark>{{Offset(4), 7}, {Offset(6), 8}, {Offset(11), 6}}));
}

TEST_F(RecentTimesTest, AMarkThatReachesIntoThePresentOnesIsCut) {
  RecentTimes earlier(Offset(5));
  earlier.AddBehindGap(Offset(12), 7, 1);
  recent_.Extend(earlier);
  EXPECT_EQ(recent_.marks(), (std::vector<TimeMark>{{Offset(9), 7}}));
  Add(10, 10, 5, 1);
  EXPECT_EQ(recent_.marks(), (std::vector<TimeMark>{{Offset(9), 7}, {Offset(10), 5}}));
}

TEST_F(RecentTimesTest, ForgetsWhatFilesHold) {
  Add(10, 10, 5, kTimeMarkBytes);
  Add(11, 11, 6, kTimeMarkBytes);
  recent_.Forget(Offset(11));
  EXPECT_EQ(recent_.from(), Offset(11));
  EXPECT_EQ(recent_.marks(), (std::vector<TimeMark>{{Offset(11), 6}}));
  recent_.Forget(Offset(100));
  EXPECT_EQ(recent_.from(), Offset(12));
  Add(12, 12, 4);
  EXPECT_EQ(recent_.marks(), (std::vector<TimeMark>{{Offset(12), 4}}));
}

}  // namespace
}  // namespace gneiss::engine
