// SPDX-License-Identifier: Apache-2.0
#include "server/fetch/fetch_pass.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "server/testing/fake_partition_log.h"

namespace gneiss::server {
namespace {

using engine::ReadTier;
using testing::FakePartitionLog;

constexpr std::size_t kMegabyte = std::size_t{1} << 20;

class FetchPassTest : public ::testing::Test {
 protected:
  FetchPassTest() {
    for (int i = 0; i < 3; ++i) {
      logs_.push_back(std::make_shared<FakePartitionLog>(TopicPartition{"t", PartitionId(i)}));
      targets_.push_back({.topic = std::make_shared<const FetchTopic>(FetchTopic{"t", {}}),
                          .partition = PartitionId(i),
                          .partition_max_bytes = 1 << 20});
    }
  }

  // Reads all three partitions, first as a loop does, then, if need be, as a thread.
  std::vector<FetchedPartition> Read(FetchLimits limits = {.bytes_max = kMegabyte}) {
    items_.clear();
    for (std::size_t i = 0; i < logs_.size(); ++i) items_.push_back(Item(i));
    FetchPass pass(items_, limits);
    needed_thread_ = pass.Run(ReadTier::kMemory) == FetchPass::Progress::kNeedsThread;
    if (needed_thread_) EXPECT_EQ(pass.Run(ReadTier::kAll), FetchPass::Progress::kDone);
    readable_ = pass.readable_bytes();
    must_answer_ = pass.must_answer();
    return pass.TakeAnswers();
  }
  FetchItem Item(std::size_t i) {
    if (error_ != ErrorCode::kNone && i == 0) return {&targets_[i], nullptr, error_};
    auto partition = std::make_shared<Partition>();
    partition->leader_epoch = LeaderEpoch(3);
    partition->log = logs_[i];
    return {&targets_[i], std::move(partition), ErrorCode::kNone};
  }

  std::vector<std::shared_ptr<FakePartitionLog>> logs_;
  std::vector<FetchTarget> targets_;
  std::vector<FetchItem> items_;
  ErrorCode error_ = ErrorCode::kNone;  // of the first item
  bool needed_thread_ = false;
  bool must_answer_ = false;
  std::size_t readable_ = 0;
};

TEST_F(FetchPassTest, EveryPartitionIsReadUpToItsHighWatermark) {
  logs_[0]->Put(2);
  logs_[0]->Put(3);
  logs_[2]->Put();
  const auto answers = Read();
  EXPECT_EQ(answers[0].view.batches.size(), 2u);
  EXPECT_EQ(answers[0].high_watermark, Offset(5));
  EXPECT_EQ(answers[0].last_stable_offset, Offset(5));
  EXPECT_EQ(answers[0].log_start_offset, Offset(0));
  EXPECT_FALSE(answers[0].aborted.has_value());
  EXPECT_TRUE(answers[1].view.batches.empty());
  EXPECT_EQ(answers[2].view.batches.size(), 1u);
  EXPECT_EQ(readable_, answers[0].view.bytes + answers[2].view.bytes);
  EXPECT_FALSE(must_answer_);
}

// A fetch inside a batch must return the whole batch: returning the next one loses records.
TEST_F(FetchPassTest, AnOffsetInsideABatchReturnsThatBatch) {
  logs_[0]->Put(3);
  logs_[0]->Put(3);
  targets_[0].fetch_offset = Offset(4);
  const auto answers = Read();
  ASSERT_EQ(answers[0].view.batches.size(), 1u);
  EXPECT_EQ(OffsetBehind(answers[0].view.batches[0]), Offset(6));
}

TEST_F(FetchPassTest, PartitionsWithNothingNewAreNotRead) {
  logs_[0]->Put(2);
  targets_[0].fetch_offset = Offset(2);
  Read();
  EXPECT_EQ(logs_[0]->reads() + logs_[1]->reads() + logs_[2]->reads(), 0);
  EXPECT_EQ(readable_, 0u);
}

TEST_F(FetchPassTest, TheFirstPartitionWithRecordsGivesABatchHoweverSmallTheLimits) {
  logs_[1]->Put(1, 1000);
  logs_[2]->Put(1, 1000);
  for (FetchTarget& target : targets_) target.partition_max_bytes = 0;
  const auto answers = Read({.bytes_max = 0});
  EXPECT_EQ(answers[1].view.batches.size(), 1u);
  EXPECT_TRUE(answers[2].view.batches.empty());
  EXPECT_EQ(answers[2].high_watermark, Offset(1)) << "its ends are told all the same";
}

TEST_F(FetchPassTest, ANegativeLimitCountsAsNone) {
  logs_[0]->Put();
  targets_[0].partition_max_bytes = -5;
  EXPECT_EQ(Read()[0].view.batches.size(), 1u);
}

TEST_F(FetchPassTest, ThePartitionLimitStopsAtABatchBorderAndCountsAsReadable) {
  logs_[0]->Put(1, 1000);
  logs_[0]->Put(1, 1000);
  targets_[0].partition_max_bytes = 1500;
  const auto answers = Read();
  EXPECT_EQ(answers[0].view.batches.size(), 1u);
  EXPECT_EQ(readable_, 1500u);
}

TEST_F(FetchPassTest, TheLimitOfAllPartitionsIsSharedInOrder) {
  logs_[0]->Put(1, 1000);
  logs_[1]->Put(1, 1000);
  logs_[2]->Put(1, 100);
  const auto answers = Read({.bytes_max = 1500});
  EXPECT_EQ(answers[0].view.batches.size(), 1u);
  EXPECT_TRUE(answers[1].view.batches.empty()) << "does not fit any more";
  EXPECT_EQ(answers[2].view.batches.size(), 1u) << "a smaller one still does";
}

TEST_F(FetchPassTest, OffsetsOutsideTheLogAreRefusedWithoutOffsets) {
  logs_[0]->Put(5);
  logs_[0]->SetLogStart(Offset(2));
  logs_[1]->Put(5);
  targets_[0].fetch_offset = Offset(1);
  targets_[1].fetch_offset = Offset(6);
  targets_[2].fetch_offset = Offset(-1);
  const auto answers = Read({.bound = FetchBound::kLastStableOffset, .bytes_max = kMegabyte});
  for (const FetchedPartition& answer : answers) {
    EXPECT_EQ(answer.error, ErrorCode::kOffsetOutOfRange);
    EXPECT_EQ(answer.high_watermark, kNoOffset);
    EXPECT_EQ(answer.last_stable_offset, kNoOffset);
    EXPECT_EQ(answer.log_start_offset, kNoOffset);
    EXPECT_FALSE(answer.aborted.has_value());
  }
  EXPECT_TRUE(must_answer_);
}

TEST_F(FetchPassTest, AnUnknownPartitionIsAnsweredAndLetsTheOthersWait) {
  error_ = ErrorCode::kUnknownTopicId;
  const auto answers = Read();
  EXPECT_EQ(answers[0].error, ErrorCode::kUnknownTopicId);
  ASSERT_TRUE(answers[0].aborted.has_value());
  EXPECT_TRUE(answers[0].aborted->empty());
  EXPECT_FALSE(must_answer_);
}

TEST_F(FetchPassTest, LeaderEpochsAreCompared) {
  targets_[0].current_leader_epoch = LeaderEpoch(2);
  targets_[1].current_leader_epoch = LeaderEpoch(4);
  targets_[2].current_leader_epoch = LeaderEpoch(3);
  const auto answers = Read();
  EXPECT_EQ(answers[0].error, ErrorCode::kFencedLeaderEpoch);
  EXPECT_EQ(answers[1].error, ErrorCode::kUnknownLeaderEpoch);
  EXPECT_EQ(answers[2].error, ErrorCode::kNone);
  EXPECT_TRUE(must_answer_);
}

TEST_F(FetchPassTest, ALogThatWentAnotherWayIsToldWhereItsEpochEnded) {
  logs_[0]->Put(9);
  logs_[1]->Put(9);
  logs_[0]->SetEpochEnd(LeaderEpoch(1), Offset(4));
  logs_[1]->SetEpochEnd(LeaderEpoch(1), Offset(9));
  for (FetchTarget& target : targets_) target.last_fetched_epoch = LeaderEpoch(1);
  targets_[0].fetch_offset = Offset(6);
  targets_[1].fetch_offset = Offset(6);
  const auto answers = Read();
  ASSERT_TRUE(answers[0].diverging_epoch.has_value());
  EXPECT_EQ(answers[0].diverging_epoch->end_offset, Offset(4));
  EXPECT_EQ(answers[0].high_watermark, Offset(9));
  EXPECT_TRUE(answers[0].view.batches.empty());
  EXPECT_FALSE(answers[1].diverging_epoch.has_value());
  EXPECT_EQ(answers[1].view.batches.size(), 1u);
  EXPECT_EQ(answers[2].error, ErrorCode::kOffsetOutOfRange) << "it never had that epoch";
  EXPECT_TRUE(must_answer_);
}

TEST_F(FetchPassTest, ReadCommittedStopsAtTheLastStableOffsetAndListsAbortedTransactions) {
  logs_[0]->Put(2);
  logs_[0]->Put(2);
  logs_[0]->SetLastStable(Offset(2));
  logs_[0]->SetAborted({{ProducerId(5), Offset(0)}});
  logs_[1]->Put();
  logs_[1]->SetLastStable(Offset(0));
  const auto answers = Read({.bound = FetchBound::kLastStableOffset, .bytes_max = kMegabyte});
  EXPECT_EQ(answers[0].view.batches.size(), 1u);
  EXPECT_EQ(answers[0].high_watermark, Offset(4));
  EXPECT_EQ(answers[0].last_stable_offset, Offset(2));
  ASSERT_TRUE(answers[0].aborted.has_value());
  EXPECT_EQ(answers[0].aborted->size(), 1u);
  EXPECT_TRUE(answers[1].view.batches.empty());
  ASSERT_TRUE(answers[1].aborted.has_value());
  EXPECT_TRUE(answers[1].aborted->empty());
}

TEST_F(FetchPassTest, WhatIsInAFileIsLeftToAThreadWhichGoesOnFromThere) {
  logs_[0]->Put();
  logs_[1]->Put();
  logs_[1]->SetMemoryFrom(Offset(1));
  logs_[2]->Put();
  const auto answers = Read();
  EXPECT_TRUE(needed_thread_);
  for (const FetchedPartition& answer : answers) EXPECT_EQ(answer.view.batches.size(), 1u);
  EXPECT_EQ(logs_[0]->reads(), 1) << "not read twice";
  EXPECT_EQ(readable_, 3 * answers[0].view.bytes);
}

TEST_F(FetchPassTest, AnErrorOfTheReadIsThePartitionsOwn) {
  logs_[0]->Put();
  logs_[0]->SetReadError(Errc::kStorage);
  logs_[1]->Put();
  const auto answers = Read();
  EXPECT_EQ(answers[0].error, ErrorCode::kKafkaStorageError);
  EXPECT_EQ(answers[0].high_watermark, kNoOffset);
  EXPECT_EQ(answers[1].view.batches.size(), 1u);
  EXPECT_TRUE(must_answer_);
}

}  // namespace
}  // namespace gneiss::server
