// SPDX-License-Identifier: Apache-2.0
//
// The power goes: whatever was not fsynced is gone, in the metadata store as well.
// GNEISS_POWER_CUTS: how many times (10); GNEISS_POWER_SEED: the choices of an earlier run.
#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>
#include <memory>
#include <random>
#include <string>

#include "engine/testing/fault_file_system.h"
#include "engine/testing/log_fixture.h"

namespace gneiss::engine {
namespace {

using testing::BatchOf;
using testing::FaultFileSystem;
using testing::From;
using testing::Values;

int FromEnvironment(const char* name, int otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::atoi(text);
}

class PowerCutTest : public testing::LogFixture {
 protected:
  PowerCutTest() : testing::LogFixture(std::make_shared<FaultFileSystem>()) {}

  FaultFileSystem& disk() { return static_cast<FaultFileSystem&>(*file_system_); }

  void LosePower() {
    disk().CutPower();
    Abandon();
    disk().DropUnsynced();
    Open();
  }

  void SetFlushMessages(std::int64_t messages) {
    config_.flush_messages = messages;
    log_->SetConfig(config_);
  }
};

// Three partitions that fsync each batch, some, and none; flushes and topics in between. What each
// holds afterwards is a beginning of what was written, with all that was promised in it.
TEST_F(PowerCutTest, WhatIsLostIsASuffixAndNothingThatWasPromised) {
  const int seed = FromEnvironment("GNEISS_POWER_SEED", static_cast<int>(std::random_device{}()));
  const int cuts = FromEnvironment("GNEISS_POWER_CUTS", 10);
  std::printf("GNEISS_POWER_SEED=%d GNEISS_POWER_CUTS=%d\n", seed, cuts);
  std::mt19937 random(static_cast<unsigned>(seed));
  constexpr std::size_t kPartitions = 3;
  const Uuid topic_id = Uuid::Random();
  std::vector<Offset> promised(kPartitions), written(kPartitions);
  Offset metadata{0};
  for (int cut = 0; cut < cuts; ++cut) {
    SCOPED_TRACE(cut);
    std::vector<std::shared_ptr<PartitionLog>> logs;
    for (std::size_t i = 0; i < kPartitions; ++i) {
      LogConfig config;
      if (i == 0) config.flush_messages = 1;
      if (i == 1) config.flush_messages = 7;
      logs.push_back(*engine_->OpenPartition({"cut", PartitionId(static_cast<std::int32_t>(i))},
                                             topic_id, config));
      const Offset end = logs[i]->offsets().log_end;
      EXPECT_EQ(logs[i]->offsets().high_watermark, end);
      ASSERT_GE(end, promised[i]) << "a promise is broken in partition " << i;
      ASSERT_LE(end, written[i]);
      const auto view = logs[i]->Read(
          Offset(0), {.bytes_max = std::numeric_limits<std::size_t>::max(), .upper_bound = end});
      ASSERT_TRUE(view.has_value()) << view.error().detail;
      const Values values = testing::ValuesOf(*view);
      ASSERT_EQ(std::ssize(values), end.value());
      for (std::size_t k = 0; k < values.size(); ++k) ASSERT_EQ(values[k], std::to_string(k));
      const auto producers = logs[i]->ActiveProducers();
      ASSERT_EQ(producers.empty() ? -1 : producers[0].last_sequence, end.value() - 1);
      written[i] = end;
    }
    ASSERT_EQ(engine_->metadata_log().log_end(), metadata);
    for (int step = 0, steps = static_cast<int>(random() % 60); step < steps; ++step) {
      const std::size_t i = random() % kPartitions;
      const auto sequence = static_cast<std::int32_t>(written[i].value());
      const auto appended = testing::AppendAndWait(
          *logs[i], BatchOf({std::to_string(sequence)}, {.producer_id = 7, .sequence = sequence}));
      ASSERT_TRUE(appended.has_value()) << appended.error().detail;
      ++written[i];
      if (i == 0) promised[0] = written[0];
      if (random() % 20 == 0) {
        const std::vector<std::string> records{"a topic"};
        ASSERT_TRUE(engine_->metadata_log().Append(records).has_value());
        ++metadata;
      }
      if (random() % 20 == 0) {
        const auto family = store().FindFamily({topic_id, PartitionId(static_cast<int>(i))});
        ASSERT_TRUE(family->db().Flush(rocksdb::FlushOptions(), family->handle()).ok());
        promised[i] = written[i];
      }
    }
    logs.clear();
    LosePower();
  }
}

// The store itself cannot know what it has lost. Those who have seen the lost offsets must not be
// given other records under the same numbers, and those who read to the end must get there.
TEST_F(PowerCutTest, ALossIsKnownByWhatWasWrittenDownApartAndItsOffsetsAreNotGivenAgain) {
  SetFlushMessages(1);
  Append({"a"}, {.producer_id = 7, .sequence = 0});
  SetFlushMessages(1'000'000);
  Append({"b", "c"}, {.producer_id = 7, .sequence = 1});
  ASSERT_TRUE(engine_->log_ends().RecordNow());
  Append({"d"}, {.producer_id = 7, .sequence = 3});  // nobody has written down that it was there
  LosePower();
  EXPECT_EQ(log_->offsets().log_end, Offset(3));
  EXPECT_EQ(ReadAll(), Values{"a"});
  const auto retry = TryAppend(BatchOf({"b", "c"}, {.producer_id = 7, .sequence = 1}));
  EXPECT_FALSE(retry->duplicate);
  EXPECT_EQ(retry->base_offset, Offset(3));
  {
    const auto view = Read(Offset(1), {.bytes_max = 1, .upper_bound = Offset(5)});
    ASSERT_TRUE(view.has_value());
    EXPECT_EQ(testing::BaseOffsetsOf(*view), std::vector<Offset>{Offset(1)}) << "no way over it";
  }
  EXPECT_EQ(ReadFrom(Offset(1)), (Values{"b", "c"}));
  Reopen();  // it is reported once
  EXPECT_EQ(log_->offsets().log_end, Offset(5));
  EXPECT_EQ(ReadAll(), (Values{"a", "b", "c"}));
}

TEST_F(PowerCutTest, ADeletedPartitionLeavesNothingWrittenDown) {
  Append({"a"});
  ASSERT_TRUE(engine_->log_ends().RecordNow());
  const format::PartitionRef ref{topic_id_, tp_.partition};
  EXPECT_EQ(engine_->log_ends().EndOf(ref), Offset(1));
  engine_->DropPartition(tp_, topic_id_);
  Reopen();
  EXPECT_EQ(engine_->log_ends().EndOf(ref), Offset(0));
  EXPECT_EQ(log_->offsets().log_end, Offset(0));
}

}  // namespace
}  // namespace gneiss::engine
