// SPDX-License-Identifier: Apache-2.0
#include "engine/cleaner/log_cleaner.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "engine/testing/cleaner_fixture.h"

namespace gneiss::engine {
namespace {

using records::BatchOptions;
using records::ControlType;
using testing::From;
using Texts = std::vector<std::string>;

class LogCleanerTest : public testing::CleanerFixture {
 protected:
  // The next transactional batch of a producer.
  Offset PutInTransaction(From& from, const std::vector<testing::KeyValue>& records) {
    const Offset base = Put(records, BatchOptions{.producer_id = ProducerId(from.producer_id),
                                                  .producer_epoch = from.epoch,
                                                  .base_sequence = from.sequence,
                                                  .is_transactional = true});
    from.sequence += static_cast<std::int32_t>(records.size());
    return base;
  }

  void SetConfig() { log_->SetConfig(config_); }

  // Calls the hook whenever the cleaner asks what its next bytes cost.
  struct HookedClock final : Clock {
    TimestampMs WallMs() const override { return 0; }
    TimePoint Now() const override {
      hook();
      return {};
    }
    std::function<void()> hook;
  };

  Texts Files() const {
    Texts names;
    LogFiles files;
    EXPECT_TRUE(files.Refresh(store().FindFamily({topic_id_, tp_.partition})).has_value());
    for (const LogFile& file : files.files()) names.push_back(file.name);
    return names;
  }
};

TEST_F(LogCleanerTest, TheNewestRecordOfEachKeyStaysWhereItWas) {
  Put({{"a", "1"}, {"b", "1"}});
  Put({{"a", "2"}});
  Put({{"c", "1"}, {"a", "3"}});
  Put({{"d", "1"}});
  EXPECT_TRUE(Clean());
  EXPECT_EQ(Contents(), (Texts{"1 b=1", "3 c=1", "4 a=3", "5 d=1"}));
  EXPECT_EQ(Batches(), (Texts{"0-1", "3-4", "5-5"}));
  EXPECT_EQ(FirstDirty(), Offset(6));
  EXPECT_FALSE(Clean()) << "nothing is dirty";

  Put({{"b", "2"}, {"e", "1"}});
  EXPECT_TRUE(Clean());
  EXPECT_EQ(Contents(), (Texts{"3 c=1", "4 a=3", "5 d=1", "6 b=2", "7 e=1"}));
}

TEST_F(LogCleanerTest, AnOffsetInAHoleIsServedFromTheNextRecord) {
  Put({{"a", "1"}});
  Put({{"a", "2"}});
  Put({{"b", "1"}});
  ASSERT_TRUE(Clean());
  EXPECT_EQ(ReadFrom(Offset(0)), (testing::Values{"2", "1"}));
  EXPECT_EQ(ReadFrom(Offset(1)), (testing::Values{"2", "1"}));
  EXPECT_EQ(ReadFrom(Offset(2)), (testing::Values{"1"}));
}

TEST_F(LogCleanerTest, APartitionThatIsNotCompactedIsLeftAlone) {
  config_.cleanup_compact = false;
  SetConfig();
  Put({{"a", "1"}});
  Put({{"a", "2"}});
  EXPECT_FALSE(Clean());
  config_.cleanup_compact = true;
  SetConfig();
  EXPECT_TRUE(Clean());
}

TEST_F(LogCleanerTest, WhatIsInMemoryOnlyCountsAsTheActiveSegment) {
  Put({{"a", "1"}});
  Put({{"b", "1"}});
  Flush();
  Put({{"a", "2"}});
  EXPECT_TRUE(CleanFiles());
  EXPECT_EQ(Contents(), (Texts{"0 a=1", "1 b=1", "2 a=2"}));
  EXPECT_EQ(FirstDirty(), Offset(2));
}

TEST_F(LogCleanerTest, WhatHasBeenInMemoryForSegmentMsIsFlushedAndCleaned) {
  config_.segment_ms = 1'000;
  SetConfig();
  Put({{"a", "1"}});
  Put({{"a", "2"}});
  clock_.Advance(999);
  EXPECT_FALSE(CleanFiles());
  clock_.Advance(1);
  EXPECT_TRUE(CleanFiles());
  EXPECT_EQ(Contents(), Texts{"1 a=2"});
}

TEST_F(LogCleanerTest, TheLeastDirtyRatioHolds) {
  config_.min_cleanable_dirty_ratio = 0.5;
  SetConfig();
  for (int i = 0; i < 100; ++i) Put({{std::to_string(i), "v"}});
  EXPECT_TRUE(Clean());
  for (int i = 0; i < 40; ++i) Put({{std::to_string(i), "w"}});
  EXPECT_FALSE(Clean());
  EXPECT_GT(rocks_log().offsets().log_end, FirstDirty());
  for (int i = 0; i < 400; ++i) Put({{"same", "w"}});
  EXPECT_TRUE(Clean());
  EXPECT_EQ(Contents().size(), 101U);
}

TEST_F(LogCleanerTest, RecordsYoungerThanTheLeastLagWait) {
  config_.min_compaction_lag_ms = 1'000;
  SetConfig();
  Put({{"a", "1"}});
  Put({{"a", "2"}});
  Flush();
  clock_.Advance(600);
  Put({{"a", "3"}});
  EXPECT_FALSE(Clean());
  clock_.Advance(600);
  EXPECT_TRUE(CleanFiles());
  EXPECT_EQ(Contents(), (Texts{"1 a=2", "2 a=3"}));
  clock_.Advance(600);
  EXPECT_TRUE(CleanFiles());
  EXPECT_EQ(Contents(), Texts{"2 a=3"});
}

TEST_F(LogCleanerTest, WhatIsOlderThanTheGreatestLagIsCleanedWhateverTheRatio) {
  config_.min_cleanable_dirty_ratio = 1;
  config_.max_compaction_lag_ms = 1'000;
  SetConfig();
  Put({{"a", "1"}});
  Put({{"a", "2"}});
  EXPECT_FALSE(Clean());
  clock_.Advance(1'001);
  EXPECT_TRUE(Clean());
  EXPECT_EQ(Contents(), Texts{"1 a=2"});
}

TEST_F(LogCleanerTest, ATombstoneStaysForDeleteRetentionMs) {
  config_.delete_retention_ms = 1'000;
  SetConfig();
  Put({{"a", "1"}, {"b", "1"}});
  Put({{"a", std::nullopt}});
  Put({{"c", "1"}});
  ASSERT_TRUE(Clean());
  EXPECT_EQ(Contents(), (Texts{"1 b=1", "2 a=null", "3 c=1"}));
  clock_.Advance(999);
  Put({{"c", "2"}});
  ASSERT_TRUE(Clean());
  EXPECT_EQ(Contents(), (Texts{"1 b=1", "2 a=null", "4 c=2"}));
  clock_.Advance(1);
  Put({{"c", "3"}});
  ASSERT_TRUE(Clean());
  EXPECT_EQ(Contents(), (Texts{"1 b=1", "5 c=3"}));
}

// Such a batch was passed over: the tombstone of its record went, and the record was there again.
TEST_F(LogCleanerTest, ADeletedRecordDoesNotComeBackInTheBatchThatTheLogStartCuts) {
  config_.delete_retention_ms = 0;
  SetConfig();
  Put({{"a", "1"}, {"b", "1"}});
  ASSERT_TRUE(AdvanceLogStart(Offset(1)).has_value());
  Put({{"b", std::nullopt}});
  Put({{"c", "1"}});
  ASSERT_TRUE(Clean());
  Put({{"c", "2"}});
  ASSERT_TRUE(Clean());
  EXPECT_EQ(Contents(), (Texts{"0 a=1", "4 c=2"}));
}

// So a clone's last file ends that is cut from its source; it was passed over.
TEST_F(LogCleanerTest, AFileThatEndsInACutIsCleaned) {
  Put({{"a", "1"}});
  Put({{"b", "1"}});
  const format::BatchKey cut = format::EncodeBatchKey(Offset(2));
  const auto handle = store().FindFamily({topic_id_, tp_.partition})->handle();
  ASSERT_TRUE(store()
                  .db()
                  .DeleteRange(rocksdb::WriteOptions(), handle, {cut.data(), cut.size()},
                               format::kBatchKeysEnd)
                  .ok());
  Flush();
  Put({{"a", "2"}});
  ASSERT_TRUE(Clean());
  EXPECT_EQ(Contents(), (Texts{"1 b=1", "2 a=2"}));
}

TEST_F(LogCleanerTest, TheEndOfTheLogStaysThoughAllRecordsGo) {
  config_.delete_retention_ms = 0;
  SetConfig();
  Put({{"a", "1"}});
  Put({{"a", std::nullopt}, {"a", std::nullopt}});
  ASSERT_TRUE(Clean());
  Put({{"b", "1"}});
  Put({{"b", std::nullopt}});
  ASSERT_TRUE(Clean());
  Put({{"b", std::nullopt}});
  ASSERT_TRUE(Clean());
  EXPECT_EQ(Batches(), Texts{"5-5"});
  config_.min_cleanable_dirty_ratio = 0;
  ReopenAll();
  EXPECT_EQ(log_->offsets().log_end, Offset(6));
  EXPECT_EQ(FirstDirty(), Offset(6));
  EXPECT_EQ(Put({{"c", "1"}}), Offset(6));
}

TEST_F(LogCleanerTest, NothingAboveAnOpenTransactionIsCleaned) {
  From producer{.producer_id = 7};
  Put({{"a", "1"}});
  Put({{"a", "2"}});
  PutInTransaction(producer, {{"b", "1"}});
  Put({{"a", "3"}});
  ASSERT_TRUE(Clean());
  EXPECT_EQ(Contents(), (Texts{"1 a=2", "2 b=1", "3 a=3"}));
  EXPECT_EQ(FirstDirty(), Offset(2));
  PutMarker(ControlType::kCommit, producer);
  ASSERT_TRUE(Clean());
  EXPECT_EQ(Contents(), (Texts{"2 b=1", "3 a=3", "4 commit"}));
}

TEST_F(LogCleanerTest, AbortedRecordsGoThenTheirMarkerThenTheirIndexEntry) {
  config_.delete_retention_ms = 1'000;
  SetConfig();
  From producer{.producer_id = 7};
  Put({{"a", "1"}});
  PutInTransaction(producer, {{"a", "aborted"}, {"b", "aborted"}});
  PutMarker(ControlType::kAbort, producer);
  Put({{"c", "1"}});
  const auto aborted = [&] {
    return log_->AbortedTransactions(Offset(0), log_->offsets().log_end).size();
  };
  ASSERT_TRUE(Clean());
  EXPECT_EQ(Contents(), (Texts{"0 a=1", "3 abort", "4 c=1"}))
      << "an aborted record does not replace one that was committed";
  EXPECT_EQ(aborted(), 1U);
  Put({{"c", "2"}});
  ASSERT_TRUE(Clean());
  EXPECT_EQ(Contents(), (Texts{"0 a=1", "3 abort", "5 c=2"})) << "until its horizon";
  EXPECT_EQ(aborted(), 0U) << "there is nothing left that it would hide";
  clock_.Advance(1'000);
  Put({{"c", "3"}});
  ASSERT_TRUE(Clean());
  EXPECT_EQ(Contents(), (Texts{"0 a=1", "6 c=3"}));
  ReopenAll();
  EXPECT_EQ(aborted(), 0U);
  EXPECT_EQ(log_->ActiveProducers().size(), 1U) << "producers are not forgotten with their records";
  EXPECT_EQ(log_->ActiveProducers().front().last_sequence, 1);
}

TEST_F(LogCleanerTest, ACommitMarkerStaysAsLongAsARecordOfItsTransaction) {
  config_.delete_retention_ms = 0;
  SetConfig();
  From producer{.producer_id = 7};
  PutInTransaction(producer, {{"a", "1"}});
  PutMarker(ControlType::kCommit, producer);
  for (int i = 0; i < 3; ++i) {
    Put({{"x", "1"}});
    ASSERT_TRUE(Clean());
    EXPECT_EQ(Contents(), (Texts{"0 a=1", "1 commit", std::to_string(2 + i) + " x=1"}));
  }
  Put({{"a", "2"}});
  ASSERT_TRUE(Clean());  // the record goes
  Put({{"x", "1"}});
  ASSERT_TRUE(Clean());  // the marker gets its horizon
  Put({{"x", "1"}});
  ASSERT_TRUE(Clean());
  EXPECT_EQ(Contents(), (Texts{"5 a=2", "7 x=1"}));
}

TEST_F(LogCleanerTest, KeysThatDoNotFitAreCleanedInTurns) {
  SetCleanerOptions({.key_map_bytes = 20 * KeyMap::kSlotBytes});
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 50; ++i) Put({{"key" + std::to_string(i), std::to_string(round)}});
  }
  ASSERT_TRUE(Clean());
  EXPECT_EQ(FirstDirty(), Offset(18));
  int cleans = 1;
  while (CleanFiles()) ++cleans;
  EXPECT_EQ(cleans, 6);
  EXPECT_EQ(FirstDirty(), Offset(100));
  const Texts contents = Contents();
  ASSERT_EQ(contents.size(), 50U);
  EXPECT_EQ(contents.front(), "50 key0=1");
}

TEST_F(LogCleanerTest, ABatchWhoseKeysDoNotFitIsReported) {
  SetCleanerOptions({.key_map_bytes = 5 * KeyMap::kSlotBytes});
  Put({{"a", "1"}, {"b", "1"}, {"c", "1"}, {"d", "1"}, {"e", "1"}, {"f", "1"}, {"g", "1"}});
  Clean();
  EXPECT_NE(Status().uncleanable.find("log.cleaner.dedupe.buffer.size"), std::string::npos)
      << Status().uncleanable;
}

TEST_F(LogCleanerTest, ADamagedBatchIsReportedAndTriedAgain) {
  Put({{"a", "1"}});
  Put({{"a", "2"}});
  Put({{"b", "1"}});
  const format::BatchKey key = format::EncodeBatchKey(Offset(1));
  const rocksdb::Slice slice(key.data(), key.size());
  std::string good;
  ASSERT_TRUE(store().db().Get(rocksdb::ReadOptions(), family(), slice, &good).ok());
  std::string bad = good;
  bad.back() ^= 1;
  ASSERT_TRUE(store().db().Put(rocksdb::WriteOptions(), family(), slice, bad).ok());
  Clean();
  EXPECT_NE(Status().uncleanable, "");
  EXPECT_EQ(pool_->stats().uncleanable, 1U);
  EXPECT_EQ(Status().cleans, 0);
  EXPECT_EQ(Batches().size(), 3U);

  EXPECT_FALSE(CleanFiles()) << "not before the backoff";
  clock_.Advance(15'000);
  CleanFiles();
  EXPECT_NE(Status().uncleanable, "");
  ASSERT_TRUE(store().db().Put(rocksdb::WriteOptions(), family(), slice, good).ok());
  clock_.Advance(15'000);
  EXPECT_TRUE(Clean());
  EXPECT_EQ(Status().uncleanable, "");
  EXPECT_EQ(Contents(), (Texts{"1 a=2", "2 b=1"}));
}

TEST_F(LogCleanerTest, WhatAReaderHoldsStaysAsItWas) {
  Put({{"a", "1"}});
  Put({{"a", "2"}});
  Put({{"b", "1"}});
  Flush();
  const ReadView before =
      Read(Offset(0), {.bytes_max = 1 << 20, .upper_bound = Offset(10)}).value();
  ASSERT_TRUE(CleanFiles());
  EXPECT_EQ(testing::ValuesOf(before), (testing::Values{"1", "2", "1"}));
  EXPECT_EQ(ReadAll(), (testing::Values{"2", "1"}));
}

TEST_F(LogCleanerTest, LookupsByTimeAndSizeAreRightAfterwards) {
  const TimestampMs start = clock_.WallMs();
  Put({{"a", "1"}});
  clock_.Advance(10);
  Put({{"b", "1"}, {"c", "1"}});
  clock_.Advance(10);
  Put({{"b", "2"}});
  clock_.Advance(10);
  Put({{"a", "2"}});
  Put({{"a", "3"}});
  const std::int64_t size = log_->size_bytes();
  ASSERT_TRUE(Clean());
  const Offset end = log_->offsets().log_end;
  EXPECT_EQ(log_->FindTimestamp(start, end).value()->offset, Offset(2));
  EXPECT_EQ(log_->FindTimestamp(start + 11, end).value()->offset, Offset(3));
  EXPECT_EQ(log_->FindTimestamp(start + 30, end).value()->offset, Offset(5));
  EXPECT_EQ(log_->FindMaxTimestamp(end).value()->offset, Offset(5));
  EXPECT_LT(log_->size_bytes(), size);
}

// Records without keys go, so the last batch is emptied, and keeps its greatest timestamp.
TEST_F(LogCleanerTest, TheTimeOfAnEmptiedBatchIsNobodysAnswer) {
  const TimestampMs start = clock_.WallMs();
  config_.cleanup_compact = false;
  SetConfig();
  Put({{"a", "1"}});
  Append(testing::BatchOf({"x", "y"}, {.keyed = false}, {start + 10, start + 20}));
  config_.cleanup_compact = true;
  SetConfig();
  ASSERT_TRUE(Clean());
  ASSERT_EQ(Batches(), (Texts{"0-0", "1-2"}));
  ASSERT_EQ(Contents(), Texts{"0 a=1"});
  const auto expect = [&](Offset latest, TimestampMs at) {
    const auto end = log_->offsets().log_end;
    const auto greatest = log_->FindMaxTimestamp(end).value();
    ASSERT_TRUE(greatest.has_value());
    EXPECT_EQ(greatest->offset, latest);
    EXPECT_EQ(greatest->timestamp, at);
    EXPECT_EQ(log_->FindTimestamp(at, end).value()->offset, latest);
    EXPECT_FALSE(log_->FindTimestamp(at + 1, end).value().has_value());
  };
  expect(Offset(0), start);
  clock_.Advance(5);
  Put({{"b", "1"}});
  expect(Offset(3), start + 5);
  Flush();
  expect(Offset(3), start + 5);
  ReopenAll();
  expect(Offset(3), start + 5);
  Put({{"c", "1"}});
  ASSERT_TRUE(Clean());
  EXPECT_EQ(Batches(), (Texts{"0-0", "3-3", "4-4"}));
  expect(Offset(3), start + 5);
}

TEST_F(LogCleanerTest, NothingIsFoundByTimeWhereAllRecordsAreGone) {
  config_.cleanup_compact = false;
  SetConfig();
  Append(testing::BatchOf({"x"}, {.keyed = false}, {clock_.WallMs()}));
  config_.cleanup_compact = true;
  SetConfig();
  ASSERT_TRUE(Clean());
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(log_->FindMaxTimestamp(Offset(1)).value().has_value());
    EXPECT_FALSE(log_->FindTimestamp(0, Offset(1)).value().has_value());
    EXPECT_EQ(log_->offsets().log_end, Offset(1));
    ReopenAll();
  }
}

// A delete horizon takes the place of the base timestamp, which the times of records build on.
TEST_F(LogCleanerTest, MarkersAndTombstonesKeepTheirTimesBesideAHorizon) {
  From producer{.producer_id = 7};
  PutInTransaction(producer, {{"a", "1"}});
  PutMarker(ControlType::kCommit, producer);
  const TimestampMs marker = log_->FindTimestamp(0, Offset(2)).value()->timestamp;
  Put({{"a", std::nullopt}});
  const TimestampMs tombstone = clock_.WallMs();
  for (int i = 0; i < 2; ++i) {
    clock_.Advance(10);
    Put({{"b", "1"}});
    ASSERT_TRUE(Clean());
  }
  ASSERT_EQ(Contents(), (Texts{"1 commit", "2 a=null", "4 b=1"}));
  const Offset end = log_->offsets().log_end;
  EXPECT_EQ(log_->FindTimestamp(tombstone, end).value()->offset, Offset(2));
  EXPECT_EQ(log_->FindTimestamp(tombstone + 1, end).value()->offset, Offset(4));
  EXPECT_EQ(log_->FindMaxTimestamp(end).value()->offset, Offset(4));
  EXPECT_EQ(log_->FindTimestamp(0, end).value()->offset, Offset(1));
  EXPECT_EQ(log_->FindMaxTimestamp(Offset(2)).value()->offset, Offset(1)) << marker;
}

TEST_F(LogCleanerTest, RecordsWithoutATimeAreNoAnswerAfterwardsEither) {
  const TimestampMs start = clock_.WallMs();
  const auto put_timeless = [&](const std::string& value) {
    return Append(testing::BatchOf({value, "both"}, {.keyed = true}, {kNoTimestamp, kNoTimestamp}));
  };
  put_timeless("x");
  put_timeless("y");
  ASSERT_TRUE(Clean());
  ASSERT_EQ(Contents(), (Texts{"0 x=x", "2 y=y", "3 both=both"}));
  EXPECT_FALSE(log_->FindMaxTimestamp(Offset(4)).value().has_value());
  EXPECT_FALSE(log_->FindTimestamp(0, Offset(4)).value().has_value());
  Put({{"a", "1"}});
  ASSERT_TRUE(Clean());
  EXPECT_EQ(log_->FindMaxTimestamp(Offset(5)).value()->offset, Offset(4));
  EXPECT_EQ(log_->FindTimestamp(0, Offset(5)).value()->timestamp, start);
}

TEST_F(LogCleanerTest, FilesInWhichNothingChangesAreNotWrittenAgain) {
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 3; ++i) Put({{std::to_string(3 * round + i), "v"}});
    Flush();
    ASSERT_TRUE(CleanFiles());
  }
  EXPECT_EQ(pool_->stats().bytes_written, 0U);
  EXPECT_EQ(Files().size(), 4U);
  for (int round = 0; round < 8; ++round) {
    Put({{"x" + std::to_string(round), "v"}});
    Flush();
  }
  engine_->housekeeper().LookAtAll();
  const std::size_t merged = Files().size();
  EXPECT_LT(merged, 12U);
  ASSERT_TRUE(CleanFiles());
  EXPECT_EQ(pool_->stats().bytes_written, 0U);
  Put({{"x0", "w"}});
  ASSERT_TRUE(Clean());
  EXPECT_GT(pool_->stats().bytes_written, 0U);
  const auto names = Files();
  for (int i = 0; i < 3; ++i) {
    engine_->housekeeper().LookAtAll();
    EXPECT_FALSE(CleanFiles());
  }
  EXPECT_EQ(Files(), names) << "neither undoes what the other did";
}

TEST_F(LogCleanerTest, TheStatusTellsWhatIsDirtyAndOnlyOfCompactedPartitions) {
  config_.min_cleanable_dirty_ratio = 0.9;
  SetConfig();
  for (int i = 0; i < 10; ++i) Put({{"a", "1"}});
  ASSERT_TRUE(Clean());
  EXPECT_EQ(Status().first_dirty, Offset(10));
  EXPECT_EQ(Status().dirty_bytes, 0U);
  EXPECT_EQ(Status().cleans, 1);
  Put({{"a", "2"}});
  ASSERT_FALSE(Clean());
  EXPECT_GT(Status().dirty_bytes, 0U);
  EXPECT_GT(Status().dirty_ratio, 0);
  config_.cleanup_compact = false;
  SetConfig();
  CleanFiles();
  EXPECT_FALSE(pool_->StatusOf(rocks_log()).has_value());
  EXPECT_EQ(pool_->stats().cleans, 1U);
  EXPECT_EQ(pool_->stats().uncleanable, 0U);
}

// A clean that ends early has made the log smaller all the same. By the size from before it,
// retention would take the first file.
TEST_F(LogCleanerTest, RetentionBytesGoesByWhatACleanHasLeft) {
  config_.cleanup_delete = true;
  config_.segment_bytes = 1 << 20;  // so every file is a piece
  SetConfig();
  const auto put_large = [&](const std::string& key) { Put({{key, std::string(600'000, 'x')}}); };
  put_large("a");
  put_large("b");
  Flush();
  put_large("c");
  put_large("d");
  ASSERT_TRUE(Clean());
  put_large("a");
  Flush();
  ASSERT_GT(log_->size_bytes(), 5 * 600'000);
  HookedClock clock;
  Throttle throttle(1e18, clock);
  clock.hook = [&] {
    if (Batches().front() != "0-0") throttle.Stop();
  };
  const auto view = rocks_log().cleaning_view();
  const auto range =
      FindCleanable(view.family, view.config, view.offsets, view.first_dirty, clock_.WallMs());
  EXPECT_FALSE(LogCleaner(1 << 20, throttle, clock_).Clean(rocks_log(), *range).has_value());
  ASSERT_EQ(Batches().front(), "1-1") << "the first piece was done";
  EXPECT_LT(log_->size_bytes(), 4 * 610'000);
  config_.retention_bytes = 4 * 600'000;
  SetConfig();
  engine_->housekeeper().LookAtAll();
  EXPECT_EQ(log_->offsets().log_start, Offset(0));
}

TEST_F(LogCleanerTest, TheLogStartHolds) {
  Put({{"a", "1"}, {"b", "1"}});
  Put({{"c", "1"}});
  Put({{"d", "1"}});
  ASSERT_TRUE(AdvanceLogStart(Offset(2)));
  Put({{"c", "2"}});
  ASSERT_TRUE(Clean());
  EXPECT_EQ(Contents(), (Texts{"3 d=1", "4 c=2"}));
  EXPECT_EQ(log_->offsets().log_start, Offset(2));
}

TEST_F(LogCleanerTest, AClaimOfSomebodyElseMeansLater) {
  Put({{"a", "1"}});
  Put({{"a", "2"}});
  Flush();
  {
    const auto claim = FamilyClaim::Try(store().FindFamily({topic_id_, tp_.partition}));
    ASSERT_TRUE(claim.has_value());
    CleanFiles();
    EXPECT_EQ(Contents().size(), 2U);
    EXPECT_EQ(Status().uncleanable, "");
  }
  clock_.Advance(15'000);
  EXPECT_TRUE(CleanFiles());
  EXPECT_EQ(Contents().size(), 1U);
}

}  // namespace
}  // namespace gneiss::engine
