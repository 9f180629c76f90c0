// SPDX-License-Identifier: Apache-2.0
#include "engine/partition_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "engine/testing/log_fixture.h"

namespace gneiss::engine {
namespace {

using testing::BatchOf;
using testing::Values;
using testing::ValuesOf;

constexpr Offset kNoBound{std::numeric_limits<std::int64_t>::max()};

class PartitionLogTest : public testing::LogFixture {};

TEST_F(PartitionLogTest, AppendsGetOffsetsInOrderAndAreReadBack) {
  EXPECT_EQ(Append({"a", "b"}), Offset(0));
  EXPECT_EQ(Append({"c"}), Offset(2));
  EXPECT_EQ(ReadAll(), (Values{"a", "b", "c"}));
  const LogOffsets offsets = log_->offsets();
  EXPECT_EQ(offsets.log_start, Offset(0));
  EXPECT_EQ(offsets.last_stable, Offset(3));
  EXPECT_EQ(offsets.high_watermark, Offset(3));
  EXPECT_EQ(offsets.log_end, Offset(3));
}

TEST_F(PartitionLogTest, ReopenContinuesAtTheNextOffset) {
  EXPECT_EQ(Append({"a", "b"}), Offset(0));
  Reopen();
  EXPECT_EQ(Append({"c"}), Offset(2));
  EXPECT_EQ(ReadAll(), (Values{"a", "b", "c"}));
}

TEST_F(PartitionLogTest, AnEmptyPartitionHasNoFamilyAndReadsAsEmpty) {
  EXPECT_EQ(ReadAll(), Values{});
  EXPECT_EQ(log_->size_bytes(), 0);
  EXPECT_EQ(store().FindFamily({topic_id_, tp_.partition}), nullptr);
}

// A fetch inside a batch must return the whole batch (the client skips); returning the next one
// loses records for ever.
TEST_F(PartitionLogTest, AnOffsetInsideABatchReturnsThatBatch) {
  Append({"a", "b", "c"});
  Append({"d"});
  EXPECT_EQ(ReadFrom(Offset(1)), (Values{"a", "b", "c", "d"}));
  EXPECT_EQ(ReadFrom(Offset(3)), (Values{"d"}));
  EXPECT_EQ(ReadFrom(Offset(4)), Values{});
}

TEST_F(PartitionLogTest, OffsetsOutsideTheLogAreRefused) {
  Append({"a", "b"});
  const ReadLimits all{.bytes_max = 1000, .upper_bound = kNoBound};
  EXPECT_EQ(Read(Offset(3), all).error().code, Errc::kOutOfRange);
  EXPECT_EQ(Read(Offset(-1), all).error().code, Errc::kOutOfRange);
  ASSERT_TRUE(AdvanceLogStart(Offset(1)));
  EXPECT_EQ(Read(Offset(0), all).error().code, Errc::kOutOfRange);
  EXPECT_TRUE(Read(Offset(1), all));
}

TEST_F(PartitionLogTest, ReadStopsAtTheByteLimitButGivesOneBatch) {
  for (int i = 0; i < 4; ++i) Append({"value"});
  const std::size_t batch = Read(Offset(0), {.bytes_max = 1, .upper_bound = kNoBound})->bytes;
  const auto batches = [&](std::size_t bytes_max, bool at_least_one) {
    return Read(Offset(0), {.bytes_max = bytes_max,
                            .upper_bound = kNoBound,
                            .at_least_one_batch = at_least_one})
        ->batches.size();
  };
  EXPECT_EQ(batches(0, true), 1u);
  EXPECT_EQ(batches(0, false), 0u);
  EXPECT_EQ(batches(batch - 1, false), 0u);
  EXPECT_EQ(batches(2 * batch, true), 2u);
  EXPECT_EQ(batches(3 * batch - 1, true), 2u);
}

TEST_F(PartitionLogTest, ReadStopsAtTheUpperBound) {
  Append({"a", "b"});
  Append({"c"});
  Append({"d"});
  const auto below = [&](Offset bound) {
    return ValuesOf(*Read(Offset(0), {.bytes_max = 10'000, .upper_bound = bound}));
  };
  EXPECT_EQ(below(Offset(0)), Values{});
  EXPECT_EQ(below(Offset(2)), (Values{"a", "b"}));
  EXPECT_EQ(below(Offset(3)), (Values{"a", "b", "c"}));
}

// An event loop may look into memtables only. Below them the answer must be "ask a reader thread",
// never the first batch that memory happens to hold.
TEST_F(PartitionLogTest, MemoryReadsRefuseWhatLiesInFiles) {
  const ReadLimits memory{.bytes_max = 10'000, .upper_bound = kNoBound, .tier = ReadTier::kMemory};
  Append({"a"});
  Append({"b"});
  EXPECT_EQ(ValuesOf(*Read(Offset(0), memory)), (Values{"a", "b"}));
  Flush();
  EXPECT_EQ(Read(Offset(0), memory).error().code, Errc::kWouldBlock);
  EXPECT_TRUE(Read(Offset(2), memory)->batches.empty());
  Append({"c"});
  EXPECT_EQ(Read(Offset(1), memory).error().code, Errc::kWouldBlock);
  EXPECT_EQ(ValuesOf(*Read(Offset(2), memory)), (Values{"c"}));
  EXPECT_EQ(ReadAll(), (Values{"a", "b", "c"}));
}

TEST_F(PartitionLogTest, AViewOutlivesFlushCompactionAndDrop) {
  for (int i = 0; i < 50; ++i) Append({"value " + std::to_string(i)});
  const ReadView from_memory = *Read(Offset(0), {.bytes_max = 100'000, .upper_bound = kNoBound});
  const Values expected = ValuesOf(from_memory);
  Flush();
  const ReadView from_file = *Read(Offset(0), {.bytes_max = 100'000, .upper_bound = kNoBound});
  ASSERT_TRUE(
      store().db().CompactRange(rocksdb::CompactRangeOptions(), family(), nullptr, nullptr).ok());
  engine_->DropPartition(tp_, topic_id_);
  EXPECT_EQ(ValuesOf(from_memory), expected);
  EXPECT_EQ(ValuesOf(from_file), expected);
}

TEST_F(PartitionLogTest, DeletedRecordsStayHiddenAfterReopen) {
  Append({"a", "b"});
  Append({"c"});
  EXPECT_EQ(*AdvanceLogStart(Offset(2)), Offset(2));
  EXPECT_EQ(ReadAll(), (Values{"c"}));
  Reopen();
  EXPECT_EQ(log_->offsets().log_start, Offset(2));
  EXPECT_EQ(ReadAll(), (Values{"c"}));
  EXPECT_EQ(*AdvanceLogStart(Offset(1)), Offset(2));  // it never goes back
  EXPECT_EQ(AdvanceLogStart(Offset(4)).error().code, Errc::kOutOfRange);
}

TEST_F(PartitionLogTest, ALogThatWasDeletedWholeGoesOnAtItsEnd) {
  Append({"a", "b"});
  ASSERT_TRUE(AdvanceLogStart(Offset(2)));
  Reopen();
  EXPECT_EQ(log_->offsets().log_end, Offset(2));
  EXPECT_EQ(Append({"c"}), Offset(2));
}

// Nothing that the engine does brings this about: a file was lost, or another program was at work.
TEST_F(PartitionLogTest, ALogWithoutItsFirstBatchesStartsWhereTheyEnd) {
  for (int i = 0; i < 3; ++i) Append({"a", "b"});
  const format::BatchKey key = format::EncodeBatchKey(Offset(1));
  ASSERT_TRUE(
      store().db().Delete(rocksdb::WriteOptions(), family(), {key.data(), key.size()}).ok());
  Abandon();
  Open();
  EXPECT_EQ(log_->offsets().log_start, Offset(2));
  EXPECT_EQ(log_->retention_status().reason, LogStartReason::kMissing);
  EXPECT_EQ(ReadAll(), (Values{"a", "b", "a", "b"}));
  config_.cleanup_compact = true;
  Abandon();
  Open();
  EXPECT_EQ(log_->offsets().log_start, Offset(0)) << "a compacted log has gaps";
}

TEST_F(PartitionLogTest, SizeCountsBatchesInMemoryAndInFiles) {
  Append({"a"});
  Append({"b"});
  const auto both = static_cast<std::int64_t>(
      Read(Offset(0), {.bytes_max = 10'000, .upper_bound = kNoBound})->bytes);
  EXPECT_EQ(log_->size_bytes(), both);
  Flush();
  Reopen();
  EXPECT_EQ(log_->size_bytes(), both);
  Append({"c"});
  EXPECT_EQ(log_->size_bytes(), both / 2 * 3);
  ASSERT_TRUE(AdvanceLogStart(Offset(2)));
  EXPECT_EQ(log_->size_bytes(), both / 2);
}

TEST_F(PartitionLogTest, ARetryGetsTheOffsetOfItsOriginal) {
  EXPECT_EQ(Append({"a", "b"}, {.producer_id = 7, .sequence = 0}), Offset(0));
  EXPECT_EQ(Append({"c"}, {.producer_id = 7, .sequence = 2}), Offset(2));
  const auto retry = TryAppend(BatchOf({"a", "b"}, {.producer_id = 7, .sequence = 0}));
  ASSERT_TRUE(retry);
  EXPECT_TRUE(retry->duplicate);
  EXPECT_EQ(retry->base_offset, Offset(0));
  EXPECT_EQ(ReadAll(), (Values{"a", "b", "c"}));
}

TEST_F(PartitionLogTest, ProducersAreKnownAfterReopen) {
  Append({"a"}, {.producer_id = 7, .sequence = 0});
  Append({"b"}, {.producer_id = 7, .sequence = 1});
  Reopen();
  EXPECT_TRUE(TryAppend(BatchOf({"a"}, {.producer_id = 7, .sequence = 0}))->duplicate);
  EXPECT_EQ(TryAppend(BatchOf({"x"}, {.producer_id = 7, .sequence = 5})).error().code,
            Errc::kOutOfOrderSequence);
  EXPECT_EQ(Append({"c"}, {.producer_id = 7, .sequence = 2}), Offset(2));
  EXPECT_EQ(Append({"d"}, {.producer_id = 7, .epoch = 1, .sequence = 0}), Offset(3));
  EXPECT_EQ(TryAppend(BatchOf({"x"}, {.producer_id = 7, .sequence = 3})).error().code,
            Errc::kFencedProducer);
  const std::vector<ActiveProducer> active = log_->ActiveProducers();
  ASSERT_EQ(active.size(), 1u);
  EXPECT_EQ(active[0].producer_epoch, 1);
  EXPECT_EQ(active[0].last_sequence, 0);
  EXPECT_EQ(active[0].last_timestamp, 1000);
}

// Both go to the committer's queue while it is busy: the retry must neither be written nor be
// answered before the original.
TEST_F(PartitionLogTest, ARetryOfAnUncommittedBatchIsAnsweredWithIt) {
  auto original = StartAppend(BatchOf({"a"}, {.producer_id = 7, .sequence = 0}));
  auto retry = StartAppend(BatchOf({"a"}, {.producer_id = 7, .sequence = 0}));
  const auto answer = retry.get();
  EXPECT_TRUE(answer->duplicate);
  EXPECT_EQ(answer->base_offset, Offset(0));
  ASSERT_EQ(original.wait_for(std::chrono::seconds(0)), std::future_status::ready);
  EXPECT_FALSE(original.get()->duplicate);
  EXPECT_EQ(ReadAll(), (Values{"a"}));
}

TEST_F(PartitionLogTest, BatchesThatWaitForTheFamilyKeepTheirOrder) {
  std::vector<std::future<Result<AppendResult>>> answers;
  Values values;
  for (int i = 0; i < 100; ++i) {
    values.push_back(std::to_string(i));
    answers.push_back(StartAppend(BatchOf({values.back()})));
  }
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(answers[static_cast<std::size_t>(i)].get()->base_offset, Offset(i));
  }
  EXPECT_EQ(ReadAll(), values);
}

TEST_F(PartitionLogTest, BatchesCarryTheLeaderEpoch) {
  ASSERT_TRUE(log_->BeginLeaderEpoch(LeaderEpoch(3)));
  Append({"a", "b"});
  ASSERT_TRUE(log_->BeginLeaderEpoch(LeaderEpoch(4)));  // nothing is written in it
  ASSERT_TRUE(log_->BeginLeaderEpoch(LeaderEpoch(6)));
  ASSERT_TRUE(log_->BeginLeaderEpoch(LeaderEpoch(5)));  // ignored
  Append({"c"});
  const auto check = [&] {
    EXPECT_EQ(log_->leader_epoch(), LeaderEpoch(6));
    EXPECT_EQ(log_->EpochAt(Offset(1)), LeaderEpoch(3));
    EXPECT_EQ(log_->EpochAt(Offset(2)), LeaderEpoch(6));
    EXPECT_EQ(log_->EndOffsetForEpoch(LeaderEpoch(5)).leader_epoch, LeaderEpoch(3));
    EXPECT_EQ(log_->EndOffsetForEpoch(LeaderEpoch(5)).end_offset, Offset(2));
    EXPECT_EQ(log_->EndOffsetForEpoch(LeaderEpoch(6)).end_offset, Offset(3));
    EXPECT_EQ(log_->EndOffsetForEpoch(LeaderEpoch(7)).end_offset, kNoOffset);
    EXPECT_EQ(log_->EndOffsetForEpoch(LeaderEpoch(2)).end_offset, kNoOffset);
  };
  check();
  Reopen();
  check();
}

TEST_F(PartitionLogTest, WatchersWakeOnceTheWatermarkIsAbove) {
  Append({"a"});
  EXPECT_EQ(log_->WatchHighWatermark(Offset(0), [] { FAIL() << "it is above already"; }), 0u);
  std::promise<void> promise;
  std::future<void> woken = promise.get_future();
  EXPECT_NE(log_->WatchHighWatermark(
                Offset(1), [promise = std::move(promise)]() mutable { promise.set_value(); }),
            0u);
  const auto removed = log_->WatchHighWatermark(Offset(1), [] { FAIL() << "was removed"; });
  log_->Unwatch(removed);
  Append({"b"});
  woken.wait();
}

TEST_F(PartitionLogTest, ADeletedPartitionRefusesWorkAndWakesItsWatchers) {
  Append({"a"});
  bool woken = false;
  log_->WatchHighWatermark(Offset(10), [&] { woken = true; });
  engine_->DropPartition(tp_, topic_id_);
  EXPECT_TRUE(woken);
  EXPECT_EQ(TryAppend(BatchOf({"b"})).error().code, Errc::kNotFound);
  EXPECT_EQ(Read(Offset(0), {.bytes_max = 1, .upper_bound = kNoBound}).error().code,
            Errc::kNotFound);
}

TEST_F(PartitionLogTest, AnOpenTransactionHoldsBackTheLastStableOffset) {
  Append({"a"});
  Append({"b"}, {.producer_id = 7, .sequence = 0, .transactional = true});
  Append({"c"});
  EXPECT_EQ(log_->offsets().last_stable, Offset(1));
  EXPECT_EQ(log_->ActiveProducers().at(0).current_txn_start_offset, Offset(1));
  Reopen();
  EXPECT_EQ(log_->offsets().last_stable, Offset(1));
  Append(testing::MarkerOf(records::ControlType::kCommit, {.producer_id = 7}));
  EXPECT_EQ(log_->offsets().last_stable, Offset(4));
  EXPECT_TRUE(log_->AbortedTransactions(Offset(0), Offset(4)).empty());
}

TEST_F(PartitionLogTest, AbortedTransactionsAreListedForTheirRangeAfterReopen) {
  Append({"a"}, {.producer_id = 7, .sequence = 0, .transactional = true});
  Append(testing::MarkerOf(records::ControlType::kAbort, {.producer_id = 7}));
  Append({"b"}, {.producer_id = 7, .sequence = 1, .transactional = true});
  Append(testing::MarkerOf(records::ControlType::kAbort, {.producer_id = 7}));
  Reopen();
  EXPECT_EQ(log_->offsets().last_stable, Offset(4));
  const auto firsts = [&](Offset from, Offset to) {
    std::vector<Offset> offsets;
    for (const AbortedTransaction& txn : log_->AbortedTransactions(from, to)) {
      EXPECT_EQ(txn.producer_id, ProducerId(7));
      offsets.push_back(txn.first_offset);
    }
    return offsets;
  };
  EXPECT_EQ(firsts(Offset(0), Offset(4)), (std::vector{Offset(0), Offset(2)}));
  EXPECT_EQ(firsts(Offset(1), Offset(2)), (std::vector{Offset(0)}));
  EXPECT_EQ(firsts(Offset(2), Offset(3)), (std::vector{Offset(2)}));
  ASSERT_TRUE(AdvanceLogStart(Offset(2)));
  Reopen();
  EXPECT_EQ(firsts(Offset(0), Offset(4)), (std::vector{Offset(2)}));
}

TEST_F(PartitionLogTest, ATornRecordOfTheEndIsReportedAndItsOffsetsAreNotGivenAgain) {
  Append({"a"});
  Append({"b"});
  Reopen();  // leaves a checkpoint at 2
  ASSERT_TRUE(store()
                  .db()
                  .Delete(rocksdb::WriteOptions(), family(), rocksdb::Slice("\0\0\0\0\0\0\0\1", 8))
                  .ok());
  Abandon();  // no clean shutdown: the checkpoint stays
  Open();
  EXPECT_EQ(log_->offsets().log_end, Offset(2));
  EXPECT_EQ(ReadAll(), (Values{"a"}));
  EXPECT_EQ(Append({"c"}), Offset(2));
}

}  // namespace
}  // namespace gneiss::engine
