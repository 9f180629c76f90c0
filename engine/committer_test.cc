// SPDX-License-Identifier: Apache-2.0
#include "engine/committer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <semaphore>
#include <thread>

#include "engine/commit_burst.h"
#include "engine/testing/fault_file_system.h"
#include "engine/testing/log_fixture.h"

namespace gneiss::engine {
namespace {

using testing::BatchOf;
using testing::FaultFileSystem;
using testing::Values;

// Appends to a partition whose disk can fail.
class CommitterTest : public testing::LogFixture {
 protected:
  CommitterTest() : LogFixture(std::make_shared<FaultFileSystem>()) {}

  FaultFileSystem& disk() { return static_cast<FaultFileSystem&>(*file_system_); }

  void SetFlushMessages(std::int64_t messages) {
    config_.flush_messages = messages;
    log_->SetConfig(config_);
  }

  void LosePower() {
    disk().CutPower();
    Abandon();
    disk().DropUnsynced();
    Open();
  }

  Committer::Counters Counters() { return store().committer().counters(); }
};

// Power can go at any time: what was acknowledged with flush.messages=1 is there afterwards.
TEST_F(CommitterTest, WhatWasAcknowledgedAfterAnFsyncSurvivesAPowerCut) {
  SetFlushMessages(1);
  Append({"a", "b"}, {.producer_id = 7, .sequence = 0});
  Append({"c"}, {.producer_id = 7, .sequence = 2});
  ASSERT_TRUE(AdvanceLogStart(Offset(1)));
  LosePower();
  EXPECT_EQ(ReadFrom(Offset(1)), (Values{"a", "b", "c"}));
  EXPECT_EQ(log_->offsets().log_start, Offset(1));
  EXPECT_TRUE(TryAppend(BatchOf({"c"}, {.producer_id = 7, .sequence = 2}))->duplicate);
}

// Without an fsync a power cut may lose the end, but what is left is a whole: offsets go on behind
// it and the producer's retry is taken as new.
TEST_F(CommitterTest, WhatAPowerCutTakesIsGoneAsAWhole) {
  SetFlushMessages(1);
  Append({"a"}, {.producer_id = 7, .sequence = 0});
  SetFlushMessages(1'000'000);
  Append({"b"}, {.producer_id = 7, .sequence = 1});
  LosePower();
  EXPECT_EQ(ReadAll(), Values{"a"});
  const auto retry = TryAppend(BatchOf({"b"}, {.producer_id = 7, .sequence = 1}));
  EXPECT_FALSE(retry->duplicate);
  EXPECT_EQ(retry->base_offset, Offset(1));
}

TEST_F(CommitterTest, AnFsyncAfterAKillCoversWhatTheKilledProcessWrote) {
  SetFlushMessages(1'000'000);
  Append({"a"});
  Abandon();
  config_.flush_messages = 1;
  Open();
  Append({"b"});
  LosePower();
  EXPECT_EQ(ReadAll(), (Values{"a", "b"}));
}

TEST_F(CommitterTest, FlushMessagesMakesEveryNthRecordWait) {
  Append({"makes the family"});
  SetFlushMessages(3);
  const std::uint64_t before = Counters().syncs;
  Append({"a"});  // the second record since the start
  EXPECT_EQ(Counters().syncs, before);
  Append({"b"});
  EXPECT_EQ(Counters().syncs, before + 1);
  Append({"c", "d"});
  EXPECT_EQ(Counters().syncs, before + 1);
  Append({"e"});
  EXPECT_EQ(Counters().syncs, before + 2);
}

TEST_F(CommitterTest, FlushMsSchedulesAnFsyncThatNobodyWaitsFor) {
  auto synced = std::make_shared<std::counting_semaphore<>>(0);
  config_.flush_ms = 1;
  log_->SetConfig(config_);
  disk().BeforeWalSync([synced] { synced->release(); });
  Append({"a"});
  synced->acquire();
}

// Whether the thread slept or not when the burst began: none of its appends is left without a wake.
TEST_F(CommitterTest, AppendsOfABurstAreAnsweredWhenItEnds) {
  for (int round = 0; round < 200; ++round) {
    std::vector<std::future<Result<AppendResult>>> answers;
    {
      const CommitBurst burst;
      answers.push_back(StartAppend(BatchOf({"a"})));
      {
        const CommitBurst inner;
        answers.push_back(StartAppend(BatchOf({"b"})));
      }
      answers.push_back(StartAppend(BatchOf({"c"})));
    }
    for (int i = 0; i < 3; ++i) {
      const auto result = answers[static_cast<std::size_t>(i)].get();
      ASSERT_TRUE(result.has_value());
      EXPECT_EQ(result->base_offset, Offset(round * 3 + i));
    }
  }
}

// While one fsync runs, what comes is collected; the next one serves all of it.
TEST_F(CommitterTest, AppendsShareAnFsync) {
  SetFlushMessages(1);
  Append({"makes the family"});
  struct Gate {
    std::atomic<bool> first = true;
    std::binary_semaphore in_sync{0}, go_on{0};
  };
  const auto gate = std::make_shared<Gate>();
  disk().BeforeWalSync([gate] {
    if (!gate->first.exchange(false)) return;
    gate->in_sync.release();
    gate->go_on.acquire();
  });
  const std::uint64_t before = Counters().syncs;
  std::vector<std::future<Result<AppendResult>>> answers;
  answers.push_back(StartAppend(BatchOf({"first"})));
  gate->in_sync.acquire();
  for (int i = 0; i < 50; ++i) answers.push_back(StartAppend(BatchOf({"one of many"})));
  gate->go_on.release();
  for (auto& answer : answers) EXPECT_TRUE(answer.get().has_value());
  EXPECT_EQ(Counters().syncs, before + 2);
}

// After a failed fsync the kernel may have dropped the dirty pages, so that a later fsync that
// succeeds proves nothing.
TEST_F(CommitterTest, SyncErrorIsSticky) {
  SetFlushMessages(1);
  Append({"a"});
  disk().FailWalSyncs(rocksdb::IOStatus::IOError("a bad sector"));
  EXPECT_EQ(TryAppend(BatchOf({"lost"})).error().code, Errc::kStorage);
  disk().FailWalSyncs(rocksdb::IOStatus::OK());
  EXPECT_EQ(TryAppend(BatchOf({"refused"})).error().code, Errc::kStorage);
  EXPECT_EQ(AdvanceLogStart(Offset(1)).error().code, Errc::kStorage);
  EXPECT_EQ(ReadFrom(Offset(0)).front(), "a");  // reads go on
  LosePower();
  EXPECT_EQ(ReadAll(), Values{"a"});
  EXPECT_EQ(Append({"b"}), Offset(1));
}

TEST_F(CommitterTest, WriteErrorFailsEverythingThatIsQueued) {
  Append({"a"});
  disk().FailWalWrites(rocksdb::IOStatus::IOError("a bad sector"));
  std::vector<std::future<Result<AppendResult>>> answers;
  for (int i = 0; i < 10; ++i) answers.push_back(StartAppend(BatchOf({"lost"})));
  for (auto& answer : answers) EXPECT_EQ(answer.get().error().code, Errc::kStorage);
  EXPECT_EQ(log_->offsets().log_end, Offset(1));
  EXPECT_EQ(ReadAll(), Values{"a"});
  EXPECT_EQ(engine_->Close().error().code, Errc::kStorage);
  disk().FailWalWrites(rocksdb::IOStatus::OK());
  Abandon();
  Open();
  EXPECT_EQ(ReadAll(), Values{"a"});
  EXPECT_EQ(Append({"b"}), Offset(1));
}

// The producer's retries must neither be taken for duplicates nor be out of order once there is
// room again, and no offset may be left out.
TEST_F(CommitterTest, AFullDiskIsRefusedUntilThereIsRoom) {
  Append({"a"}, {.producer_id = 7, .sequence = 0});
  disk().FailWalWrites(rocksdb::IOStatus::NoSpace("full"));
  EXPECT_EQ(TryAppend(BatchOf({"b"}, {.producer_id = 7, .sequence = 1})).error().code,
            Errc::kDiskFull);
  EXPECT_EQ(TryAppend(BatchOf({"b"}, {.producer_id = 7, .sequence = 1})).error().code,
            Errc::kDiskFull);
  disk().FailWalWrites(rocksdb::IOStatus::OK());
  Result<AppendResult> retry = Fail(Errc::kDiskFull, "");
  while (!retry && retry.error().code == Errc::kDiskFull) {
    retry = TryAppend(BatchOf({"b"}, {.producer_id = 7, .sequence = 1}));
    std::this_thread::yield();
  }
  ASSERT_TRUE(retry.has_value()) << retry.error().detail;
  EXPECT_FALSE(retry->duplicate);
  EXPECT_EQ(retry->base_offset, Offset(1));
  LosePower();  // what the full disk has left in the WAL must not come back
  EXPECT_EQ(ReadAll().front(), "a");
}

// RocksDB goes on with the damaged WAL when it has nothing to flush, and then asserts.
TEST_F(CommitterTest, ADiskThatStaysFullIsFoundFullAgain) {
  Append({"a"});
  disk().FailWalWrites(rocksdb::IOStatus::NoSpace("full"));
  for (int found = 0; found < 2;) {
    // Refused by the committer, or by RocksDB after it has resumed in between.
    const std::string reason = TryAppend(BatchOf({"lost"})).error().detail;
    if (reason.starts_with("commit: ")) ++found;
    std::this_thread::yield();
  }
  disk().FailWalWrites(rocksdb::IOStatus::OK());
  while (!TryAppend(BatchOf({"b"}))) std::this_thread::yield();
  EXPECT_EQ(ReadAll(), (Values{"a", "b"}));
}

TEST_F(CommitterTest, AFullQueueRefusesAndRecovers) {
  Append({"makes the family"});
  Committer committer(store().FindFamily({topic_id_, tp_.partition}), {.queue_bytes_max = 100});
  const Result<Admission> large = committer.Admit(1000);  // alone it is let in
  ASSERT_TRUE(large.has_value());
  EXPECT_EQ(committer.Admit(1).error().code, Errc::kResourceExhausted);
  committer.Withdraw(*large);
  const Result<Admission> small = committer.Admit(60);
  ASSERT_TRUE(small.has_value());
  EXPECT_EQ(committer.Admit(60).error().code, Errc::kResourceExhausted);
  committer.Withdraw(*small);
}

TEST_F(CommitterTest, IdlenessIsToldOnceAfterAWrite) {
  Append({"makes the family"});
  const auto family = store().FindFamily({topic_id_, tp_.partition});
  std::counting_semaphore<> idle(0);
  Committer committer(
      family, {.idle_after = std::chrono::milliseconds(1), .on_idle = [&] { idle.release(); }});
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(idle.try_acquire());
    Commit commit;
    commit.admission = *committer.Admit(0);
    commit.facts.push_back({"key", "value"});
    commit.done = [](const Status&) {};
    committer.Enqueue(std::move(commit));
    idle.acquire();
  }
  committer.Stop();
}

TEST_F(CommitterTest, CloseAnswersWhatIsQueuedAndRefusesTheRest) {
  std::vector<std::future<Result<AppendResult>>> answers;
  for (int i = 0; i < 100; ++i) answers.push_back(StartAppend(BatchOf({std::to_string(i)})));
  ASSERT_TRUE(engine_->Close());
  for (auto& answer : answers) {
    ASSERT_EQ(answer.wait_for(std::chrono::seconds(0)), std::future_status::ready);
    EXPECT_TRUE(answer.get().has_value());
  }
  EXPECT_EQ(TryAppend(BatchOf({"late"})).error().code, Errc::kShuttingDown);
}

}  // namespace
}  // namespace gneiss::engine
