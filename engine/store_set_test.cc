// SPDX-License-Identifier: Apache-2.0
// Several stores, and what happens when one of them, or a whole data directory, is not there.
#include "engine/store_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/rocks_engine.h"
#include "engine/testing/batches.h"
#include "engine/testing/fault_file_system.h"
#include "engine/testing/temp_dir.h"

namespace gneiss::engine {
namespace {

namespace fs = std::filesystem;
using testing::BatchOf;
using testing::Values;

class StoreSetTest : public ::testing::Test {
 protected:
  Status TryOpen() {
    EngineOptions options;
    options.data_dirs = data_dirs_;
    options.metadata_dir = dir_ / "meta";
    options.partitions_per_store = partitions_per_store_;
    options.memtable_bytes_total = memtable_bytes_total_;
    GNEISS_ASSIGN_OR_RETURN(engine_, RocksEngine::Open(options, file_system_));
    return {};
  }
  void Open() {
    const Status opened = TryOpen();
    ASSERT_TRUE(opened.has_value()) << opened.error().detail;
  }
  void Close() {
    ASSERT_TRUE(engine_->Close());
    engine_.reset();
  }
  void Reopen() {
    Close();
    Open();
  }

  Engine::OpenedPartition Partition(std::int32_t partition) {
    return engine_->OpenPartition({"orders", PartitionId(partition)}, topic_id_, {});
  }
  void Append(std::int32_t partition, const std::string& value) {
    const auto log = Partition(partition);
    ASSERT_TRUE(log.has_value()) << log.error().detail;
    const auto result = testing::AppendAndWait(**log, BatchOf({value}));
    ASSERT_TRUE(result.has_value()) << result.error().detail;
  }
  Values ReadAll(std::int32_t partition) {
    const auto log = Partition(partition);
    if (!log) return {"offline"};
    const auto view = (*log)->Read((*log)->offsets().log_start,
                                   {.bytes_max = std::numeric_limits<std::size_t>::max(),
                                    .upper_bound = (*log)->offsets().log_end});
    return view ? testing::ValuesOf(*view) : Values{"unreadable"};
  }
  // The store of each of `count` partitions, with a record in each.
  std::map<std::int32_t, fs::path> Fill(std::int32_t count) {
    std::map<std::int32_t, fs::path> places;
    for (std::int32_t i = 0; i < count; ++i) Append(i, std::to_string(i));
    for (const auto& store : engine_->stores()) {
      for (const auto& ref : store->Partitions()) places[ref.partition.value()] = store->path();
    }
    return places;
  }
  StoreStats StatsOf(const fs::path& store) {
    for (const StoreStats& stats : engine_->Stats(0).stores) {
      if (fs::path(stats.path) == store) return stats;
    }
    return {};
  }

  testing::TempDir dir_;
  std::vector<fs::path> data_dirs_{dir_ / "one"};
  const Uuid topic_id_ = Uuid::Random();
  std::size_t partitions_per_store_ = 2;
  std::size_t memtable_bytes_total_ = EngineOptions().memtable_bytes_total;
  std::shared_ptr<rocksdb::FileSystem> file_system_ = rocksdb::FileSystem::Default();
  std::unique_ptr<RocksEngine> engine_;
};

TEST_F(StoreSetTest, FurtherStoresAreOpenedAsPartitionsCome) {
  Open();
  const std::size_t at_first = engine_->stores().size();
  const auto count = static_cast<std::int32_t>(2 * at_first + 3);
  const auto places = Fill(count);
  EXPECT_EQ(engine_->stores().size(), at_first + 2);
  std::map<fs::path, int> per_store;
  for (const auto& [partition, store] : places) ++per_store[store];
  for (const auto& [store, partitions] : per_store) EXPECT_LE(partitions, 2) << store;
  Reopen();
  for (std::int32_t i = 0; i < count; ++i) EXPECT_EQ(ReadAll(i), Values{std::to_string(i)});
}

TEST_F(StoreSetTest, OneCallOpensAllTheStoresThatItsPartitionsNeed) {
  Open();
  std::vector<Engine::PartitionToOpen> many;
  for (std::int32_t i = 0; i < 20; ++i) {
    many.push_back({{"orders", PartitionId(i)}, topic_id_, {}});
  }
  for (const auto& opened : engine_->OpenPartitions(many)) EXPECT_TRUE(opened.has_value());
  EXPECT_GE(engine_->stores().size(), 10u);
  EXPECT_EQ(engine_->OpenPartitions(many).front().value(), Partition(0).value());
}

// A flush writes and fsyncs a file for each partition of a store.
TEST_F(StoreSetTest, AStoreMadeForManyPartitionsMayHoldMoreInMemoryFromTheStart) {
  partitions_per_store_ = 100;
  memtable_bytes_total_ = std::size_t{1} << 20;
  Open();
  const std::size_t count = engine_->stores().size() * partitions_per_store_ + 1;
  std::vector<Engine::PartitionToOpen> partitions;
  for (std::int32_t i = 0; i < static_cast<std::int32_t>(count); ++i) {
    partitions.push_back({{"orders", PartitionId(i)}, topic_id_, {}});
  }
  engine_->OpenPartitions(partitions);
  std::uint64_t allowed = 0;
  for (const auto& store : engine_->stores()) {
    allowed += store->db().GetDBOptions().max_total_wal_size;
  }
  EXPECT_GT(allowed, memtable_bytes_total_ * 3 / 2);
}

TEST_F(StoreSetTest, PartitionsGoToTheDirectoryWithTheFewest) {
  data_dirs_.push_back(dir_ / "two");
  Open();
  std::map<fs::path, int> per_directory;
  for (const auto& [partition, store] : Fill(8)) ++per_directory[store.parent_path()];
  EXPECT_EQ(per_directory[data_dirs_[0]], 4);
  EXPECT_EQ(per_directory[data_dirs_[1]], 4);
}

// The families of a burst share one fsync of the MANIFEST: it has to come before any record counts.
TEST_F(StoreSetTest, RecordsOfABurstOfNewPartitionsSurviveAPowerCut) {
  const auto disk = std::make_shared<testing::FaultFileSystem>();
  file_system_ = disk;
  partitions_per_store_ = 100;
  Open();
  std::vector<std::future<Result<AppendResult>>> appends;
  for (std::int32_t i = 0; i < 100; ++i) {
    const auto log =
        engine_->OpenPartition({"orders", PartitionId(i)}, topic_id_, {.flush_messages = 1});
    appends.push_back(testing::StartAppend(**log, BatchOf({std::to_string(i)})));
  }
  for (auto& append : appends) ASSERT_TRUE(append.get().has_value());
  disk->CutPower();
  engine_.reset();
  disk->DropUnsynced();
  Open();
  for (std::int32_t i = 0; i < 100; ++i) EXPECT_EQ(ReadAll(i), Values{std::to_string(i)});
}

// Of what is gone: its CURRENT file, without which RocksDB would begin a new database.
TEST_F(StoreSetTest, PartitionsOfADamagedStoreAreOfflineAndTheOthersServed) {
  Open();
  const auto places = Fill(6);
  Close();
  const fs::path damaged = places.at(0);
  const std::string current = (damaged / "CURRENT").string();
  fs::rename(current, current + ".away");
  Open();
  std::size_t offline = 0;
  for (const auto& [partition, store] : places) {
    EXPECT_EQ(ReadAll(partition),
              store == damaged ? Values{"offline"} : Values{std::to_string(partition)});
    if (store != damaged) continue;
    ++offline;
    EXPECT_EQ(Partition(partition).error().code, Errc::kStorage);
  }
  EXPECT_EQ(StatsOf(damaged).health, StoreHealth::kOffline);
  EXPECT_EQ(StatsOf(damaged).partitions, offline);
  Append(6, "6");  // new ones find a place
  Close();
  fs::rename(current + ".away", current);
  Open();
  for (std::int32_t i = 0; i < 7; ++i) EXPECT_EQ(ReadAll(i), Values{std::to_string(i)});
}

TEST_F(StoreSetTest, AStoreThatRocksDbRefusesIsOffline) {
  Open();
  const auto places = Fill(4);
  Close();
  for (const auto& entry : fs::directory_iterator(places.at(1))) {
    if (entry.path().filename().string().starts_with("MANIFEST-")) {
      std::ofstream(entry.path()) << "not a manifest";
    }
  }
  Open();
  EXPECT_EQ(ReadAll(1), Values{"offline"});
  const auto elsewhere =
      std::ranges::find_if(places, [&](const auto& place) { return place.second != places.at(1); });
  ASSERT_NE(elsewhere, places.end());
  EXPECT_EQ(ReadAll(elsewhere->first), Values{std::to_string(elsewhere->first)});
}

TEST_F(StoreSetTest, PartitionsOfAMissingDirectoryAreOfflineUntilItIsBack) {
  data_dirs_.push_back(dir_ / "two");
  Open();
  const auto places = Fill(6);
  Close();
  fs::rename(data_dirs_[1], dir_ / "away");
  std::ofstream(data_dirs_[1]) << "in the way";
  Open();
  EXPECT_TRUE(engine_->LogDirs()[0].online);
  EXPECT_FALSE(engine_->LogDirs()[1].online);
  for (const auto& [partition, store] : places) {
    EXPECT_EQ(ReadAll(partition), store.parent_path() == data_dirs_[1]
                                      ? Values{"offline"}
                                      : Values{std::to_string(partition)});
  }
  Close();
  fs::remove(data_dirs_[1]);
  Open();  // an empty disk was mounted instead: its partitions are still elsewhere
  EXPECT_TRUE(engine_->LogDirs()[1].online);
  for (const auto& [partition, store] : places) {
    if (store.parent_path() == data_dirs_[1]) {
      EXPECT_EQ(ReadAll(partition), Values{"offline"});
    }
  }
  Close();
  fs::remove_all(data_dirs_[1]);
  fs::rename(dir_ / "away", data_dirs_[1]);
  Open();
  for (std::int32_t i = 0; i < 6; ++i) EXPECT_EQ(ReadAll(i), Values{std::to_string(i)});
}

TEST_F(StoreSetTest, WithoutAnyDirectoryTheStartIsRefused) {
  data_dirs_ = {dir_ / "file" / "one", dir_ / "file" / "two"};
  std::ofstream(dir_ / "file") << "in the way";
  EXPECT_EQ(TryOpen().error().code, Errc::kStorage);
}

// A directory is known by its id, not by its path.
TEST_F(StoreSetTest, DirectoriesMayBeMountedElsewhere) {
  data_dirs_.push_back(dir_ / "two");
  Open();
  Fill(4);
  Close();
  fs::rename(data_dirs_[1], dir_ / "three");
  data_dirs_ = {dir_ / "three", dir_ / "one"};
  Open();
  for (std::int32_t i = 0; i < 4; ++i) EXPECT_EQ(ReadAll(i), Values{std::to_string(i)});
}

TEST_F(StoreSetTest, APartitionOfARemovedTopicIsErasedWhenItsStoreComesBack) {
  Open();
  const auto places = Fill(4);
  Close();
  const std::string current = (places.at(0) / "CURRENT").string();
  fs::rename(current, current + ".away");
  Open();
  engine_->DropRemoved([](const Uuid&) { return true; });
  Close();
  fs::rename(current + ".away", current);
  Open();
  engine_->DropRemoved([](const Uuid&) { return true; });
  Reopen();
  for (const StoreStats& stats : engine_->Stats(0).stores) EXPECT_EQ(stats.partitions, 0u);
  EXPECT_EQ(ReadAll(0), Values{});
}

// As a build of format 1 left it: no placements, no id of the directory.
TEST_F(StoreSetTest, ADirectoryOfFormatOneIsTakenOver) {
  Open();
  const auto places = Fill(1);
  Close();
  fs::remove_all(dir_ / "meta");
  fs::remove(data_dirs_[0] / "DIRECTORY_ID");
  std::ofstream(data_dirs_[0] / "FORMAT") << format::FormatFileText(1);
  Open();
  EXPECT_EQ(ReadAll(0), Values{"0"});
  Close();
  std::ifstream file(data_dirs_[0] / "FORMAT");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  EXPECT_EQ(text, format::FormatFileText(format::kDirectoryFormat));
  fs::remove(places.at(0) / "CURRENT");
  Open();
  EXPECT_EQ(ReadAll(0), Values{"offline"});  // its place is on record now
}

TEST_F(StoreSetTest, ADamagedStoreOfUnknownContentsRefusesTheStart) {
  Open();
  const auto places = Fill(1);
  Close();
  fs::remove_all(dir_ / "meta");
  std::ofstream(data_dirs_[0] / "FORMAT") << format::FormatFileText(1);
  for (const auto& entry : fs::directory_iterator(places.at(0))) {
    if (entry.path().filename().string().starts_with("MANIFEST-")) {
      std::ofstream(entry.path()) << "not a manifest";
    }
  }
  const Status opened = TryOpen();
  ASSERT_FALSE(opened.has_value());
  EXPECT_THAT(opened.error().detail,
              ::testing::HasSubstr("which partitions it holds is not known"));
}

}  // namespace
}  // namespace gneiss::engine
