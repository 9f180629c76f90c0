// SPDX-License-Identifier: Apache-2.0
#include "engine/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <limits>
#include <thread>

#include "engine/format.h"
#include "engine/testing/batches.h"
#include "engine/testing/temp_dir.h"

namespace gneiss::engine {
namespace {

using testing::BatchOf;
using ::testing::HasSubstr;
using testing::Values;

class EngineTest : public ::testing::Test {
 protected:
  EngineTest() : topic_id_(Uuid::Random()) {}

  Result<std::unique_ptr<Engine>> TryOpen() {
    EngineOptions options;
    options.data_dirs = data_dirs_;
    options.metadata_dir = data_dirs_.front();
    return Engine::Open(std::move(options));
  }

  void Open() {
    auto engine = TryOpen();
    ASSERT_TRUE(engine.has_value()) << engine.error().detail;
    engine_ = std::move(*engine);
  }

  void Reopen() {
    ASSERT_TRUE(engine_->Close());
    engine_.reset();
    Open();
  }

  std::shared_ptr<PartitionLog> Partition(std::int32_t partition, const Uuid& topic_id) {
    auto log = engine_->OpenPartition({"orders", PartitionId(partition)}, topic_id, {});
    EXPECT_TRUE(log.has_value()) << log.error().detail;
    return *log;
  }
  std::shared_ptr<PartitionLog> Partition(std::int32_t partition) {
    return Partition(partition, topic_id_);
  }

  static void Append(PartitionLog& log, const Values& values) {
    const auto result = testing::AppendAndWait(log, BatchOf(values));
    EXPECT_TRUE(result.has_value()) << result.error().detail;
  }
  static Values ReadAll(const PartitionLog& log) {
    const auto view = log.Read(log.offsets().log_start,
                               {.bytes_max = std::numeric_limits<std::size_t>::max(),
                                .upper_bound = Offset(std::numeric_limits<std::int64_t>::max())});
    EXPECT_TRUE(view.has_value()) << view.error().detail;
    return view ? testing::ValuesOf(*view) : Values{"unreadable"};
  }

  testing::TempDir dir_;
  std::vector<std::filesystem::path> data_dirs_{dir_ / "data"};
  Uuid topic_id_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(EngineTest, ASecondBrokerIsRefusedWithASentence) {
  Open();
  const auto second = TryOpen();
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Errc::kAlreadyExists);
  EXPECT_EQ(second.error().detail,
            "The data directory " + data_dirs_.front().string() + " is in use by another broker.");
  ASSERT_TRUE(engine_->Close());
  engine_.reset();
  EXPECT_TRUE(TryOpen().has_value());
}

TEST_F(EngineTest, ANewerFormatIsRefusedWithASentence) {
  Open();
  ASSERT_TRUE(engine_->Close());
  engine_.reset();
  std::ofstream(data_dirs_.front() / "FORMAT")
      << format::FormatFileText(format::kDirectoryFormat + 1);
  const auto opened = TryOpen();
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, Errc::kUnsupportedVersion);
  EXPECT_THAT(opened.error().detail,
              HasSubstr("has format 4, and this version knows formats up to 3."));
}

TEST_F(EngineTest, ADirectoryThatCannotBeMadeIsRefusedWithASentence) {
  std::ofstream(dir_ / "file") << "in the way";
  data_dirs_ = {dir_ / "file" / "data"};
  const auto opened = TryOpen();
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, Errc::kStorage);
  EXPECT_THAT(opened.error().detail, HasSubstr("cannot be created: Not a directory."));
}

TEST_F(EngineTest, TheSamePartitionIsTheSameObject) {
  Open();
  EXPECT_EQ(Partition(0), Partition(0));
  EXPECT_NE(Partition(0), Partition(1));
}

TEST_F(EngineTest, ATopicOfTheSameNameMadeAgainBeginsEmpty) {
  Open();
  const auto old = Partition(0);
  Append(*old, {"old"});
  engine_->DropPartition(old->topic_partition(), topic_id_);
  const Uuid again = Uuid::Random();
  const auto log = Partition(0, again);  // the old family may still be there
  EXPECT_EQ(log->offsets().log_end, Offset(0));
  Append(*log, {"new"});
  EXPECT_EQ(ReadAll(*log), Values{"new"});
  Reopen();
  EXPECT_EQ(ReadAll(*Partition(0, again)), Values{"new"});
  EXPECT_EQ(ReadAll(*Partition(0)), Values{});
}

TEST_F(EngineTest, ADroppedPartitionIsGoneAfterReopen) {
  Open();
  Append(*Partition(0), {"a"});
  Append(*Partition(1), {"b"});
  engine_->DropPartition({"orders", PartitionId(0)}, topic_id_);
  Append(*Partition(1), {"c"});
  Reopen();
  engine_->DropRemoved([](const Uuid&) { return false; });
  EXPECT_EQ(ReadAll(*Partition(1)), (Values{"b", "c"}));
  EXPECT_EQ(Partition(0)->offsets().log_end, Offset(0));
}

// A lost tail of the metadata must never delete data: what is not known to be removed stays.
TEST_F(EngineTest, OnlyWhatIsOnRecordAsRemovedIsErasedAtStart) {
  Open();
  const Uuid removed = Uuid::Random();
  const Uuid unknown = Uuid::Random();
  Append(*Partition(0, removed), {"a"});
  Append(*Partition(1, unknown), {"b"});
  Append(*Partition(2), {"c"});
  Reopen();
  const auto kept = Partition(2);
  engine_->DropRemoved([&](const Uuid& id) { return id == removed || id == topic_id_; });
  EXPECT_EQ(ReadAll(*kept), Values{"c"});  // in use, whatever the record says
  Reopen();
  EXPECT_EQ(Partition(0, removed)->offsets().log_end, Offset(0));
  EXPECT_EQ(ReadAll(*Partition(1, unknown)), Values{"b"});
}

TEST_F(EngineTest, SeveralDataDirectoriesShareThePartitions) {
  data_dirs_.push_back(dir_ / "more");
  Open();
  std::set<int> places;
  for (std::int32_t i = 0; i < 4; ++i) {
    Append(*Partition(i), {std::to_string(i)});
    places.insert(Partition(i)->log_dir_index());
  }
  EXPECT_EQ(places, (std::set<int>{0, 1}));
  EXPECT_EQ(engine_->LogDirs().size(), 2u);
  EXPECT_GT(engine_->LogDirs()[1].usable_bytes, 0);
  Reopen();
  for (std::int32_t i = 3; i >= 0; --i) {
    EXPECT_EQ(ReadAll(*Partition(i)), Values{std::to_string(i)});
  }
}

TEST_F(EngineTest, ManyWritersAndReadersOfManyPartitionsSeeOrderedLogs) {
  Open();
  constexpr std::int32_t kPartitions = 8;
  constexpr int kAppends = 200;
  std::vector<std::shared_ptr<PartitionLog>> logs;
  for (std::int32_t i = 0; i < kPartitions; ++i) logs.push_back(Partition(i));
  std::vector<std::thread> threads;
  for (std::size_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kAppends; ++i) {
        PartitionLog& log = *logs[(thread + static_cast<std::size_t>(i)) % logs.size()];
        Append(log, {std::to_string(i)});
        const LogOffsets offsets = log.offsets();
        EXPECT_LE(offsets.high_watermark, offsets.log_end);
        if (i % 10 == 0) ReadAll(log);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::size_t records = 0;
  for (const auto& log : logs) records += ReadAll(*log).size();
  EXPECT_EQ(records, std::size_t{4 * kAppends});
  logs.clear();
  Reopen();
  for (std::int32_t i = 0; i < kPartitions; ++i) records -= ReadAll(*Partition(i)).size();
  EXPECT_EQ(records, 0u);
}

// Stock tools take a family's options from it.
TEST_F(EngineTest, ACleanShutdownLeavesAnOptionsFile) {
  Open();
  Append(*Partition(0), {"a"});
  ASSERT_TRUE(engine_->Close());
  int found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(data_dirs_.front() / "store-00")) {
    if (entry.path().filename().string().starts_with("OPTIONS-")) ++found;
  }
  EXPECT_EQ(found, 1);
}

TEST_F(EngineTest, AViewMayOutliveTheEngine) {
  Open();
  Append(*Partition(0), {"a"});
  const auto view = Partition(0)->Read(Offset(0), {.bytes_max = 1000, .upper_bound = Offset(1)});
  ASSERT_TRUE(engine_->Close());
  engine_.reset();
  EXPECT_EQ(testing::ValuesOf(*view), Values{"a"});
}

TEST_F(EngineTest, StatsTellOfStoresAndPartitions) {
  Open();
  Append(*Partition(1), {"a", "b"});
  Append(*Partition(0), {"c"});
  const EngineStats stats = engine_->Stats(1);
  ASSERT_EQ(stats.stores.size(), 1u);
  EXPECT_EQ(stats.stores[0].health, StoreHealth::kWritable);
  EXPECT_EQ(stats.stores[0].families, 2u);
  EXPECT_GE(stats.stores[0].commits, 2u);
  EXPECT_GT(stats.stores[0].wal_bytes, 0u);
  EXPECT_GT(stats.stores[0].memtable_bytes, 0u);
  EXPECT_EQ(stats.partition_count, 2u);
  ASSERT_EQ(stats.partitions.size(), 1u);
  EXPECT_EQ(stats.partitions[0].tp, (TopicPartition{"orders", PartitionId(0)}));
  EXPECT_EQ(stats.partitions[0].high_watermark, Offset(1));
  EXPECT_GT(stats.partitions[0].size_bytes, 0);
}

}  // namespace
}  // namespace gneiss::engine
