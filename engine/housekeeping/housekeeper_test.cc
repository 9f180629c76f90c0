// SPDX-License-Identifier: Apache-2.0
#include "engine/housekeeping/housekeeper.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "engine/housekeeping/log_files.h"
#include "engine/testing/log_fixture.h"

namespace gneiss::engine {
namespace {

constexpr std::int64_t kForEver = -1;

class HousekeeperTest : public testing::LogFixture {
 protected:
  // One batch of one record, so old.
  Offset AppendAged(std::chrono::milliseconds age, std::size_t bytes = 1000) {
    const TimestampMs time = Clock::System().WallMs() - age.count();
    return LogFixture::Append(testing::BatchOf({std::string(bytes, 'x')}, {}, {time}));
  }
  // Three batches in a file of their own.
  void WriteFile(std::chrono::milliseconds age, std::size_t bytes = 1000) {
    for (int i = 0; i < 3; ++i) AppendAged(age, bytes);
    Flush();
  }
  void Retain(std::int64_t ms, std::int64_t bytes = kForEver) {
    config_.retention_ms = ms;
    config_.retention_bytes = bytes;
    log_->SetConfig(config_);
  }
  // Again while RocksDB is moving the files that are looked at.
  void LookAtAll() {
    std::uint64_t postponed = 0;
    do {
      postponed = Stats().postponed;
      engine_->housekeeper().LookAtAll();
    } while (Stats().postponed != postponed);
  }
  HousekeepingStats Stats() { return engine_->housekeeper().stats(); }

  std::vector<LogFile> Files() const {
    LogFiles files;
    EXPECT_TRUE(files.Refresh(store().FindFamily({topic_id_, tp_.partition})));
    return files.files();
  }
  Offset LogStart() const { return log_->offsets().log_start; }
  std::size_t KeysOnDisk() const {
    const std::unique_ptr<rocksdb::Iterator> it(
        store().db().NewIterator(rocksdb::ReadOptions(), family()));
    std::size_t keys = 0;
    for (it->SeekToFirst(); it->Valid(); it->Next()) ++keys;
    return keys;
  }
  // Until the flushes that housekeeping has begun are over.
  void AwaitFlush() { Flush(); }

  static constexpr std::chrono::hours kOld{2};
  static constexpr std::chrono::hours kYoung{0};
  static constexpr std::int64_t kHourMs = 3'600'000;
};

TEST_F(HousekeeperTest, FilesOlderThanRetentionMsGoAndTheirSpaceToo) {
  WriteFile(kOld);
  WriteFile(kOld);
  WriteFile(kYoung);
  Retain(kHourMs);
  LookAtAll();
  EXPECT_EQ(LogStart(), Offset(6));
  EXPECT_EQ(Files().size(), 1u);
  EXPECT_EQ(KeysOnDisk(), 3u);
  EXPECT_EQ(Stats().log_starts_moved, 1u);
  EXPECT_EQ(Stats().files_dropped, 2u);
  EXPECT_LT(Stats().drop_bytes_written, 100u);
}

TEST_F(HousekeeperTest, WhatIsInMemoryExpiresTooAndIsNeverWritten) {
  AppendAged(kOld);
  AppendAged(kOld);
  Retain(kHourMs);
  LookAtAll();
  EXPECT_EQ(LogStart(), Offset(2));
  EXPECT_EQ(log_->size_bytes(), 0);
  AwaitFlush();
  EXPECT_TRUE(Files().empty());
  EXPECT_EQ(KeysOnDisk(), 0u);
  EXPECT_EQ(AppendAged(kYoung), Offset(2));
  Reopen();
  EXPECT_EQ(LogStart(), Offset(2));
  EXPECT_EQ(ReadAll().size(), 1u);
}

TEST_F(HousekeeperTest, OneYoungRecordInMemoryKeepsAllOfIt) {
  AppendAged(kOld);
  AppendAged(kYoung);
  Retain(kHourMs);
  LookAtAll();
  EXPECT_EQ(LogStart(), Offset(0));
}

TEST_F(HousekeeperTest, ATimestampInTheFuturePinsWhatIsBehindIt) {
  WriteFile(kOld);
  WriteFile(-kOld);
  WriteFile(kOld);
  Retain(kHourMs);
  LookAtAll();
  EXPECT_EQ(LogStart(), Offset(3));
}

TEST_F(HousekeeperTest, RetentionBytesStayAndNoWholeFileMore) {
  for (int i = 0; i < 5; ++i) WriteFile(kYoung);
  const std::int64_t all = log_->size_bytes();
  Retain(kForEver, all * 3 / 5);
  LookAtAll();
  EXPECT_EQ(LogStart(), Offset(6));
  EXPECT_EQ(log_->size_bytes(), all * 3 / 5);
  EXPECT_EQ(log_->retention_status().reason, LogStartReason::kRetentionBytes);
  EXPECT_EQ(log_->retention_status().next_log_start, Offset(9));
  EXPECT_EQ(log_->retention_status().bytes_until_expiry, all / 5);
}

// Not at the next round, which is minutes away: as soon as there is too much.
TEST_F(HousekeeperTest, ALogThatOutgrowsRetentionBytesIsLookedAtAtOnce) {
  WriteFile(kYoung);
  WriteFile(kYoung);
  Retain(kForEver, log_->size_bytes());
  LookAtAll();
  EXPECT_EQ(LogStart(), Offset(0));
  WriteFile(kYoung);
  while (LogStart() != Offset(3)) std::this_thread::yield();
  EXPECT_EQ(engine_->housekeeper().stats().rounds, 1u);
}

TEST_F(HousekeeperTest, AChangedSettingActsAtOnce) {
  WriteFile(kOld);
  Retain(kHourMs);
  while (LogStart() != Offset(3) || !Files().empty()) std::this_thread::yield();
  EXPECT_EQ(Stats().rounds, 0u);
}

TEST_F(HousekeeperTest, TheSpaceOfDeletedRecordsComesBackAtOnce) {
  WriteFile(kYoung);
  WriteFile(kYoung);
  ASSERT_TRUE(AdvanceLogStart(Offset(4)));
  while (Files().size() != 1) std::this_thread::yield();
  EXPECT_EQ(KeysOnDisk(), 3u) << "the file that the log start lies in goes later";
  EXPECT_EQ(ReadAll().size(), 2u);
  EXPECT_EQ(log_->retention_status().reason, LogStartReason::kDeleteRecords);
}

TEST_F(HousekeeperTest, WithoutCleanupDeleteOnlyDeletedRecordsGo) {
  WriteFile(kOld);
  WriteFile(kOld);
  config_.cleanup_delete = false;
  config_.cleanup_compact = true;
  Retain(kHourMs, 0);
  LookAtAll();
  EXPECT_EQ(LogStart(), Offset(0));
  ASSERT_TRUE(AdvanceLogStart(Offset(3)));
  LookAtAll();
  EXPECT_EQ(Files().size(), 1u);
}

TEST_F(HousekeeperTest, TheReasonSurvivesARestart) {
  WriteFile(kOld);
  WriteFile(kYoung);
  Retain(kHourMs);
  LookAtAll();
  Reopen();
  const RetentionStatus status = log_->retention_status();
  EXPECT_EQ(status.log_start, Offset(3));
  EXPECT_EQ(status.reason, LogStartReason::kRetentionMs);
  EXPECT_NEAR(static_cast<double>(status.moved_at), static_cast<double>(Clock::System().WallMs()),
              60'000);
}

TEST_F(HousekeeperTest, TheForecastNamesTheNextFileToGo) {
  WriteFile(kYoung);
  WriteFile(kYoung);
  Retain(kHourMs);
  LookAtAll();
  const RetentionStatus status = log_->retention_status();
  EXPECT_EQ(status.next_log_start, Offset(3));
  EXPECT_NEAR(static_cast<double>(status.next_expiry),
              static_cast<double>(Clock::System().WallMs() + kHourMs), 60'000);
}

TEST_F(HousekeeperTest, SizesStayExact) {
  const auto count = [&] {
    std::int64_t bytes = 0;
    const auto view = log_->Read(
        LogStart(), {.bytes_max = SIZE_MAX, .upper_bound = log_->offsets().high_watermark});
    for (const SharedBytes& batch : view->batches) {
      bytes += static_cast<std::int64_t>(batch.size());
    }
    return bytes;
  };
  EXPECT_EQ(log_->size_bytes(), 0);
  WriteFile(kOld, 100);
  WriteFile(kOld, 700);
  AppendAged(kYoung, 50);
  EXPECT_EQ(log_->size_bytes(), count());
  ASSERT_TRUE(AdvanceLogStart(Offset(2)));
  EXPECT_EQ(log_->size_bytes(), count()) << "the log start is inside a file";
  Retain(kHourMs);
  LookAtAll();
  EXPECT_EQ(LogStart(), Offset(6));
  EXPECT_EQ(log_->size_bytes(), count());
  Reopen();
  EXPECT_EQ(log_->size_bytes(), count());
}

TEST_F(HousekeeperTest, SmallFilesAreJoinedAndStayReadable) {
  for (int i = 0; i < 40; ++i) WriteFile(kYoung, 200);
  ASSERT_GE(Files().size(), 8u);
  LookAtAll();
  EXPECT_LE(Files().size(), 10u);
  EXPECT_GE(Stats().merges, 3u);
  EXPECT_GT(Stats().merge_bytes_written, 0u);
  EXPECT_EQ(ReadAll().size(), 120u);
  Reopen();
  EXPECT_EQ(ReadAll().size(), 120u);
}

TEST_F(HousekeeperTest, FilesAreNoLargerThanASmallSegment) {
  config_.segment_bytes = 1 << 20;
  Retain(kForEver);
  AppendAged(kYoung);
  LookAtAll();
  for (int i = 0; i < 80; ++i) AppendAged(kYoung, 100'000);
  LookAtAll();
  Flush();
  AppendAged(kYoung);
  Flush();  // the former is moved down, out of level 0
  LookAtAll();
  for (const LogFile& file : Files()) EXPECT_LE(file.file_bytes, (1 << 20) + (1 << 18));
}

TEST_F(HousekeeperTest, StopsInTheMiddleOfIt) {
  for (int i = 0; i < 20; ++i) WriteFile(kOld, 200);
  Retain(kHourMs);
  Reopen();
  EXPECT_TRUE(LogStart() == Offset(0) || LogStart() == Offset(60));
}

}  // namespace
}  // namespace gneiss::engine
