// SPDX-License-Identifier: Apache-2.0
//
// Flips bits in the files of a store. GNEISS_FLIPS: how many stores are damaged (6 in each of two
// tests); GNEISS_FLIP_SEED: the flips of an earlier run.
#include "engine/repair/repair.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <map>
#include <random>
#include <string>

#include "engine/rocks_engine.h"
#include "engine/testing/batches.h"
#include "engine/testing/temp_dir.h"

namespace gneiss::engine {
namespace {

namespace fs = std::filesystem;
using testing::Values;

constexpr int kPartitions = 3;
constexpr int kRecords = 400;  // per partition; the first half lies in files

int FromEnvironment(const char* name, int otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::atoi(text);
}

std::string ValueAt(int partition, std::int64_t offset) {
  return std::to_string(partition) + ":" + std::to_string(offset) + std::string(100, '.');
}

// What a partition's readers see: offset -> value. Reads past an error as an operator would, who
// skips what cannot be read.
struct Seen {
  std::map<std::int64_t, std::string> records;
  bool refused = false;  // something could not be read
};

class RepairTest : public ::testing::Test {
 protected:
  RepairTest() {
    auto engine = Open(pristine_.path());
    for (int i = 0; i < kPartitions; ++i) logs_.push_back(LogOf(*engine, i));
    Write(0, kRecords / 2);
    for (int i = 0; i < kPartitions; ++i) {
      const auto family = engine->stores().front()->FindFamily({topic_id_, PartitionId(i)});
      EXPECT_TRUE(family->db().Flush(rocksdb::FlushOptions(), family->handle()).ok());
    }
    Write(kRecords / 2, kRecords);
    logs_.clear();
  }

  static std::unique_ptr<RocksEngine> Open(const fs::path& directory) {
    EngineOptions options;
    options.data_dirs = {directory};
    options.metadata_dir = directory;
    auto engine = RocksEngine::Open(std::move(options), rocksdb::FileSystem::Default());
    return engine ? std::move(*engine) : nullptr;
  }

  std::shared_ptr<PartitionLog> LogOf(RocksEngine& engine, int partition) const {
    auto log = engine.OpenPartition({"orders", PartitionId(partition)}, topic_id_, {});
    return log ? *log : nullptr;
  }

  void Write(int from, int to) {
    for (int i = from; i < to; ++i) {
      for (int partition = 0; partition < kPartitions; ++partition) {
        PartitionLog& log = *logs_[static_cast<std::size_t>(partition)];
        const auto appended =
            testing::AppendAndWait(log, testing::BatchOf({ValueAt(partition, i)}));
        EXPECT_TRUE(appended.has_value());
      }
    }
  }

  // A store of its own to be damaged.
  fs::path Copy(const testing::TempDir& directory) const {
    fs::copy(pristine_.path(), directory.path(), fs::copy_options::recursive);
    return directory / "store-00";
  }

  static std::vector<fs::path> FilesOf(const fs::path& store, const std::string& extension) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(store)) {
      if (entry.path().extension() == extension && entry.file_size() > 0) {
        files.push_back(entry.path());
      }
    }
    std::ranges::sort(files);
    return files;
  }

  static void FlipBit(const fs::path& file, std::mt19937& random) {
    const auto at = static_cast<std::streamoff>(random() % fs::file_size(file));
    std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekg(at);
    const auto old = static_cast<char>(bytes.get());
    bytes.seekp(at);
    bytes.put(static_cast<char>(old ^ (1 << random() % 8)));
  }

  // Every value that is read has to be the one that was written there.
  Seen Read(RocksEngine& engine, int partition) const {
    Seen seen;
    const auto log = LogOf(engine, partition);
    seen.refused = log == nullptr;
    if (seen.refused) return seen;
    const Offset end = log->offsets().log_end;
    for (Offset at = log->offsets().log_start; at < end;) {
      const auto view = log->Read(at, {.bytes_max = 1, .upper_bound = end});
      if (!view || view->batches.empty()) {
        seen.refused = seen.refused || !view;
        ++at;
        continue;
      }
      const Offset base = testing::BaseOffsetsOf(*view).front();
      const std::string value = testing::ValuesOf(*view).front();
      EXPECT_EQ(value, ValueAt(partition, base.value())) << "wrong bytes were served";
      seen.records[base.value()] = value;
      at = base + 1;
    }
    return seen;
  }

  // What is in the log afterwards and what the report calls lost is everything there was.
  void CheckRepaired(const fs::path& directory, const RepairReport& report) {
    const auto engine = Open(directory);
    ASSERT_NE(engine, nullptr);
    const bool wal_damaged = std::ranges::any_of(
        report.files, [](const DamagedFile& file) { return file.name.ends_with(".log"); });
    for (int i = 0; i < kPartitions; ++i) {
      SCOPED_TRACE(i);
      const Seen seen = Read(*engine, i);
      EXPECT_FALSE(seen.refused);
      const std::string name = "orders-" + std::to_string(i);
      for (std::int64_t offset = 0; offset < kRecords; ++offset) {
        const bool lost = std::ranges::any_of(report.lost, [&](const LostRange& range) {
          return range.partition == name && range.from.value() <= offset &&
                 offset < range.to.value();
        });
        // Of what the WAL alone has known, its end included, nobody else can tell.
        const bool unknown_end =
            wal_damaged && (seen.records.empty() || offset > seen.records.rbegin()->first);
        EXPECT_TRUE(lost || unknown_end || seen.records.contains(offset)) << "offset " << offset;
        EXPECT_FALSE(lost && seen.records.contains(offset)) << "offset " << offset;
      }
    }
  }

  const Uuid topic_id_ = Uuid::Random();
  testing::TempDir pristine_;
  std::vector<std::shared_ptr<PartitionLog>> logs_;
};

struct Flips {
  int count = FromEnvironment("GNEISS_FLIPS", 6);
  std::mt19937 random;

  Flips() {
    const int seed = FromEnvironment("GNEISS_FLIP_SEED", static_cast<int>(std::random_device{}()));
    std::printf("GNEISS_FLIP_SEED=%d GNEISS_FLIPS=%d\n", seed, count);
    random.seed(static_cast<unsigned>(seed));
  }
};

TEST_F(RepairTest, AStoreWithoutDamageIsLeftAlone) {
  const auto report = RepairStore({.store = pristine_ / "store-00"});
  ASSERT_TRUE(report.has_value()) << report.error().detail;
  EXPECT_FALSE(report->damaged);
  EXPECT_EQ(RepairStore({.store = pristine_ / "store-01"}).error().code, Errc::kNotFound);
}

TEST_F(RepairTest, ABitFlippedInAFileIsFoundAndTheRestIsSalvaged) {
  Flips flips;
  int refused = 0;
  for (int i = 0; i < flips.count; ++i) {
    const testing::TempDir directory;
    const fs::path store = Copy(directory);
    const auto files = FilesOf(store, ".sst");
    const fs::path file = files[flips.random() % files.size()];
    FlipBit(file, flips.random);
    SCOPED_TRACE(file);
    if (const auto engine = Open(directory.path())) {
      for (int p = 0; p < kPartitions; ++p) refused += Read(*engine, p).refused ? 1 : 0;
    } else {
      ++refused;
    }
    const auto report = RepairStore({.store = store});
    ASSERT_TRUE(report.has_value()) << report.error().detail;
    ASSERT_TRUE(report->damaged) << "not found";
    EXPECT_TRUE(fs::exists(report->damaged_kept_at / file.filename()));
    ASSERT_NO_FATAL_FAILURE(CheckRepaired(directory.path(), *report));
    ASSERT_FALSE(HasFailure());
    EXPECT_FALSE(RepairStore({.store = store})->damaged);  // once is enough
  }
  EXPECT_GT(refused, 0);
}

TEST_F(RepairTest, ABitFlippedInTheWalCostsNoMoreThanItsBlock) {
  Flips flips;
  for (int i = 0; i < flips.count; ++i) {
    const testing::TempDir directory;
    const fs::path store = Copy(directory);
    const auto files = FilesOf(store, ".log");
    const fs::path file = files[flips.random() % files.size()];
    FlipBit(file, flips.random);
    SCOPED_TRACE(file);
    // On a copy: RocksDB's own recovery gives up what lies behind the damage.
    {
      const testing::TempDir opened;
      fs::copy(directory.path(), opened.path(), fs::copy_options::recursive);
      if (const auto engine = Open(opened.path())) {
        for (int p = 0; p < kPartitions; ++p) Read(*engine, p);
      }
    }
    const auto report = RepairStore({.store = store});
    ASSERT_TRUE(report.has_value()) << report.error().detail;
    ASSERT_NO_FATAL_FAILURE(CheckRepaired(directory.path(), *report));
    ASSERT_FALSE(HasFailure());
    std::int64_t lost = 0;
    for (const LostRange& range : report->lost) lost += range.to - range.from;
    EXPECT_LE(lost, 2 * 32768 / 150) << "more than two blocks";
  }
}

TEST_F(RepairTest, AStoreWithoutItsManifestIsBroughtBackWhole) {
  for (const auto& entry : fs::directory_iterator(pristine_ / "store-00")) {
    if (entry.path().filename().string().starts_with("MANIFEST")) fs::resize_file(entry.path(), 3);
  }
  const auto dry = RepairStore({.store = pristine_ / "store-00", .dry_run = true});
  ASSERT_TRUE(dry.has_value()) << dry.error().detail;
  EXPECT_TRUE(dry->damaged && dry->lost.empty() && dry->damaged_kept_at.empty());
  EXPECT_FALSE(fs::exists(pristine_ / "store-00.repair"));
  const auto report = RepairStore({.store = pristine_ / "store-00"});
  ASSERT_TRUE(report.has_value()) << report.error().detail;
  EXPECT_TRUE(report->lost.empty());
  const auto engine = Open(pristine_.path());
  ASSERT_NE(engine, nullptr);
  for (int i = 0; i < kPartitions; ++i) {
    EXPECT_EQ(Read(*engine, i).records.size(), std::size_t{kRecords});
  }
}

class RepairCloneTest : public RepairTest {
 protected:
  // Copies of partition 0 as it is now, up to offset `end`; with a batch of its own.
  void Clone(const std::string& name, const Uuid& id, std::int64_t end) {
    const auto engine = Open(pristine_.path());
    const auto source = LogOf(*engine, 0);
    const auto family = engine->stores().front()->FindFamily({topic_id_, PartitionId(0)});
    EXPECT_TRUE(family->db().Flush(rocksdb::FlushOptions(), family->handle()).ok());
    const PartitionToClone clone{.source = {"orders", PartitionId(0)},
                                 .source_id = topic_id_,
                                 .target = {name, PartitionId(0)},
                                 .target_id = id,
                                 .at = {ClonePoint::Kind::kOffset, end}};
    const Status cloned = engine->ClonePartitions({&clone, 1});
    ASSERT_TRUE(cloned) << cloned.error().detail;
    const auto log = engine->OpenPartition({name, PartitionId(0)}, id, {});
    ASSERT_TRUE(testing::AppendAndWait(**log, testing::BatchOf({"own"})));
    const Family& state = engine->stores().front()->state();  // the binding is not to be lost
    ASSERT_TRUE(state.db().Flush(rocksdb::FlushOptions(), state.handle()).ok());
    for (int i = 0; i < 400; ++i) {  // a WAL to be damaged
      ASSERT_TRUE(testing::AppendAndWait(*LogOf(*engine, 1), testing::BatchOf({ValueAt(1, i)})));
    }
  }
  static Values ReadClone(RocksEngine& engine, const std::string& name, const Uuid& id) {
    const auto log = engine.OpenPartition({name, PartitionId(0)}, id, {});
    if (!log) return {};
    const auto view = (*log)->Read(Offset(0), {.bytes_max = std::numeric_limits<std::size_t>::max(),
                                               .upper_bound = (*log)->offsets().log_end});
    return view ? testing::ValuesOf(*view) : Values();
  }

  const Uuid whole_id_ = Uuid::Random(), part_id_ = Uuid::Random();
};

// Their files say that they are their source's.
TEST_F(RepairCloneTest, ClonesKeepTheirFilesAndGiveTheirSourceNone) {
  ASSERT_NO_FATAL_FAILURE(Clone("whole", whole_id_, kRecords));
  ASSERT_NO_FATAL_FAILURE(Clone("part", part_id_, kRecords / 4));
  const fs::path store = pristine_ / "store-00";
  std::mt19937 random(1);
  for (const fs::path& file : FilesOf(store, ".log")) FlipBit(file, random);
  const auto report = RepairStore({.store = store});
  ASSERT_TRUE(report) << report.error().detail;
  ASSERT_TRUE(report->damaged);
  const auto engine = Open(pristine_.path());
  ASSERT_NE(engine, nullptr);
  Values expected;
  for (int i = 0; i < kRecords; ++i) expected.push_back(ValueAt(0, i));
  EXPECT_EQ(Read(*engine, 0).records.size(), expected.size());
  const Values whole = ReadClone(*engine, "whole", whole_id_);
  ASSERT_GE(whole.size(), expected.size());
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), whole.begin()));
  const Values part = ReadClone(*engine, "part", part_id_);
  ASSERT_GE(part.size(), expected.size() / 4);
  EXPECT_LE(part.size(), expected.size() / 4 + 1);
  EXPECT_TRUE(std::equal(expected.begin(), expected.begin() + kRecords / 4, part.begin()));
}

TEST_F(RepairCloneTest, WithoutAManifestNothingIsGivenToTheWrongPartition) {
  ASSERT_NO_FATAL_FAILURE(Clone("whole", whole_id_, kRecords));
  const fs::path store = pristine_ / "store-00";
  for (const auto& entry : fs::directory_iterator(store)) {
    if (entry.path().filename().string().starts_with("MANIFEST")) fs::resize_file(entry.path(), 3);
  }
  const auto report = RepairStore({.store = store});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::kCorrupt);
  EXPECT_NE(report.error().detail.find("made by a clone"), std::string::npos);
  EXPECT_EQ(FindStores(pristine_.path()), std::vector<fs::path>{store});
  EXPECT_FALSE(fs::exists(pristine_ / "store-00.repair"));
}

// Killed at its worst moments: before the exchange, between that and the last rename.
TEST_F(RepairTest, AnInterruptedRepairIsBegunAgain) {
  const fs::path store = pristine_ / "store-00", work = pristine_ / "store-00.repair";
  std::mt19937 random(1);
  FlipBit(FilesOf(store, ".sst").front(), random);
  fs::create_directory(work);
  std::ofstream(work / "UNFINISHED").put('x');
  std::ofstream(work / "000001.sst").put('x');
  ASSERT_TRUE(RepairStore({.store = store})->damaged);
  EXPECT_FALSE(fs::exists(work));
  const auto kept = FindStores(pristine_.path());
  EXPECT_EQ(kept, std::vector<fs::path>{store});

  fs::create_directory(work);  // a store that was exchanged and not yet renamed
  std::ofstream(work / "precious").put('x');
  EXPECT_FALSE(RepairStore({.store = store})->damaged);
  bool found = false;
  for (const auto& entry : fs::directory_iterator(pristine_.path())) {
    found = found || fs::exists(entry.path() / "precious");
  }
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace gneiss::engine
