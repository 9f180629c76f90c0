// SPDX-License-Identifier: Apache-2.0
#include <glog/logging.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/utilities/options_util.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <latch>
#include <limits>
#include <map>
#include <thread>

#include "engine/engine.h"
#include "engine/rocks_options.h"
#include "engine/snapshot/directory_copy.h"
#include "engine/testing/batches.h"
#include "engine/testing/temp_dir.h"
#include "protocol/base/mutex.h"

namespace gneiss::engine {
namespace {

namespace fs = std::filesystem;
using testing::AppendAndWait;
using testing::BatchOf;
using testing::From;
using ::testing::HasSubstr;
using testing::Values;

constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

std::unique_ptr<Engine> OpenOn(const std::vector<fs::path>& data_dirs) {
  EngineOptions options;
  options.data_dirs = data_dirs;
  options.metadata_dir = data_dirs.front();
  auto engine = Engine::Open(std::move(options));
  EXPECT_TRUE(engine) << engine.error().detail;
  return std::move(*engine);
}

Values ReadAll(const PartitionLog& log) {
  const LogOffsets offsets = log.offsets();
  const auto view =
      log.Read(offsets.log_start, {.bytes_max = kNoLimit, .upper_bound = offsets.log_end});
  EXPECT_TRUE(view) << view.error().detail;
  return testing::ValuesOf(*view);
}

class SnapshotTest : public ::testing::Test {
 protected:
  void Open(std::size_t directories = 1) {
    for (std::size_t i = 0; i < directories; ++i) {
      data_dirs_.push_back(dir_ / ("data-" + std::to_string(i)));
    }
    engine_ = OpenOn(data_dirs_);
  }
  std::shared_ptr<PartitionLog> Partition(Engine& engine, std::int32_t partition) const {
    auto log = engine.OpenPartition({"orders", PartitionId(partition)}, topic_id_, {});
    EXPECT_TRUE(log) << log.error().detail;
    return *log;
  }
  SnapshotReport Snapshot(const std::string& name) {
    const auto report = engine_->Snapshot(dir_ / name);
    EXPECT_TRUE(report) << report.error().detail;
    return report ? *report : SnapshotReport();
  }
  std::string Refusal(const fs::path& to) {
    const auto report = engine_->Snapshot(to);
    EXPECT_FALSE(report);
    return report ? "" : report.error().detail;
  }
  std::unique_ptr<Engine> OpenSnapshot(const std::string& name) const {
    return OpenOn(WithSnapshotDataDirs({dir_ / name}));
  }

  testing::TempDir dir_;
  Uuid topic_id_ = Uuid::Random();
  std::vector<fs::path> data_dirs_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(SnapshotTest, HoldsWhatWasThereAndNothingLater) {
  Open();
  ASSERT_TRUE(engine_->metadata_log().SetProperty("cluster.id", "abc"));
  const auto log = Partition(*engine_, 0);
  ASSERT_TRUE(AppendAndWait(*log, BatchOf({"a", "b"}, From{.producer_id = 7})));
  Snapshot("snap");
  ASSERT_TRUE(AppendAndWait(*log, BatchOf({"c"}, From{.producer_id = 7, .sequence = 2})));

  const auto copy = OpenSnapshot("snap");
  EXPECT_EQ(*copy->metadata_log().GetProperty("cluster.id"), "abc");
  const auto copied = Partition(*copy, 0);
  EXPECT_EQ(ReadAll(*copied), (Values{"a", "b"}));
  const auto again = AppendAndWait(*copied, BatchOf({"a", "b"}, From{.producer_id = 7}));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->duplicate);
  ASSERT_TRUE(AppendAndWait(*copied, BatchOf({"x"}, From{.producer_id = 7, .sequence = 2})));
  EXPECT_EQ(ReadAll(*copied), (Values{"a", "b", "x"}));
  EXPECT_EQ(ReadAll(*log), (Values{"a", "b", "c"}));
}

// Two processes share the SSTs by hard link: neither may ever change one.
TEST_F(SnapshotTest, FilesAreLinkedAndTheOriginalSurvivesABrokerOnTheSnapshot) {
  Open();
  const auto log = Partition(*engine_, 0);
  ASSERT_TRUE(AppendAndWait(*log, BatchOf(Values(1000, std::string(1000, 'a')))));
  for (int i = 0; i < 20; ++i) {  // beyond a memtable, so that there are SSTs
    ASSERT_TRUE(
        AppendAndWait(*Partition(*engine_, 0), BatchOf(Values(1000, std::string(1000, 'b')))));
  }
  const SnapshotReport report = Snapshot("snap");
  EXPECT_GT(report.files.linked_files, 0u);
  EXPECT_GT(report.files.linked_bytes, 1'000'000u);
  const Values before = ReadAll(*Partition(*engine_, 0));
  {
    const auto copy = OpenSnapshot("snap");
    EXPECT_EQ(ReadAll(*Partition(*copy, 0)), before);
    for (int i = 0; i < 40; ++i) {
      ASSERT_TRUE(
          AppendAndWait(*Partition(*copy, 0), BatchOf(Values(500, std::string(1000, 'c')))));
    }
    ASSERT_TRUE(copy->Close());
  }
  fs::remove_all(dir_ / "snap");
  EXPECT_EQ(ReadAll(*Partition(*engine_, 0)), before);
}

TEST_F(SnapshotTest, StockToolsFindAnOptionsFile) {
  Open();
  ASSERT_TRUE(AppendAndWait(*Partition(*engine_, 0), BatchOf({"a"})));
  Snapshot("snap");
  rocksdb::DBOptions options;
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  rocksdb::ConfigOptions config;
  config.ignore_unknown_options = true;
  config.ignore_unsupported_options = true;
  const rocksdb::Status loaded =
      rocksdb::LoadLatestOptions(config, dir_ / "snap/store-00", &options, &families);
  ASSERT_TRUE(loaded.ok()) << loaded.ToString();
  std::map<std::string, int> levels;
  for (const auto& family : families) levels[family.name] = family.options.num_levels;
  EXPECT_EQ(levels["orders-0"], PartitionFamilyOptions(StoreBudget()).num_levels);
  EXPECT_EQ(levels["state"], StateFamilyOptions().num_levels);
}

TEST_F(SnapshotTest, IsWrittenNowhereButIntoADirectoryOfItsOwn) {
  Open();
  EXPECT_THAT(Refusal("relative/path"), HasSubstr("absolute path"));
  EXPECT_THAT(Refusal(dir_ / "no/such"), HasSubstr("does not exist"));
  EXPECT_THAT(Refusal(data_dirs_.front()), HasSubstr("exists already"));
  fs::create_directories(dir_ / "mine.partial");
  std::ofstream(dir_ / "mine.partial/letter") << "dear";
  EXPECT_THAT(Refusal(dir_ / "mine"), HasSubstr("was not left by a snapshot"));
  EXPECT_TRUE(fs::exists(dir_ / "mine.partial/letter"));
  fs::create_directories(dir_ / "empty");
  Snapshot("empty");
  EXPECT_TRUE(fs::exists(dir_ / "empty/FORMAT"));
}

TEST_F(SnapshotTest, NamesThatWouldHarmSomethingAreRefused) {
  Open();
  EXPECT_THAT(Refusal(dir_ / "new.partial"), HasSubstr("unfinished snapshot"));
  EXPECT_THAT(Refusal(dir_ / std::string("a\0b", 3)), HasSubstr("zero byte"));
  const fs::path data = data_dirs_.front();
  for (const char* const name : {"store-00/snap", "store-07", "metadata/snap"}) {
    EXPECT_THAT(Refusal(data / name), HasSubstr("its own data")) << name;
  }
  EXPECT_TRUE(engine_->Snapshot(data / "snap"));
}

TEST_F(SnapshotTest, AnInterruptedOneIsReplaced) {
  Open();
  ASSERT_TRUE(AppendAndWait(*Partition(*engine_, 0), BatchOf({"a"})));
  Snapshot("snap");
  fs::rename(dir_ / "snap", dir_ / "snap.partial");  // as if the rename had never come
  fs::remove(dir_ / "snap.partial/FORMAT");
  Snapshot("snap");
  EXPECT_FALSE(fs::exists(dir_ / "snap.partial"));
  EXPECT_EQ(ReadAll(*Partition(*OpenSnapshot("snap"), 0)), (Values{"a"}));
}

TEST_F(SnapshotTest, AFailedOneLeavesNothing) {
  Open();
  ASSERT_TRUE(AppendAndWait(*Partition(*engine_, 0), BatchOf({"a"})));
  fs::remove(data_dirs_.front() / "store-00/CURRENT");  // never read again by the running broker
  fs::remove(data_dirs_.front() / "FORMAT");
  fs::create_directory(data_dirs_.front() / "FORMAT");  // cannot be copied
  EXPECT_FALSE(engine_->Snapshot(dir_ / "snap"));
  EXPECT_FALSE(fs::exists(dir_ / "snap"));
  EXPECT_FALSE(fs::exists(dir_ / "snap.partial"));
}

TEST_F(SnapshotTest, ACopyOfAStoppedBrokerIsTheSame) {
  Open(2);
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(AppendAndWait(*Partition(*engine_, i), BatchOf({"p" + std::to_string(i)})));
  }
  const DirectoryCopyOptions options{.data_dirs = data_dirs_, .metadata_dir = data_dirs_.front()};
  const auto running = CopyDataDirectories(options, dir_ / "copy");
  ASSERT_FALSE(running);
  EXPECT_THAT(running.error().detail, HasSubstr("A broker is running on"));
  ASSERT_TRUE(engine_->Close());
  engine_.reset();
  const auto copied = CopyDataDirectories(options, dir_ / "copy");
  ASSERT_TRUE(copied) << copied.error().detail;
  // A copy of the copy, too, which has its second data directory within.
  const auto within = WithSnapshotDataDirs({dir_ / "copy"});
  EXPECT_EQ(within.size(), 2u);
  ASSERT_TRUE(
      CopyDataDirectories({.data_dirs = within, .metadata_dir = within.front()}, dir_ / "copy-2"));
  const auto copy = OpenSnapshot("copy-2");
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(ReadAll(*Partition(*copy, i)), (Values{"p" + std::to_string(i)}));
  }
}

// ---- Under load ----

// Producers write to data partitions of both stores. Behind each acknowledged batch a "group"
// commits how far it has got, to a partition that lies elsewhere, and now and then metadata says so
// too. In a consistent cut what was said later never speaks of what is not there.
class Load {
 public:
  static constexpr int kProducers = 4;
  static constexpr int kOffsetsPartition = 100;

  Load(Engine& engine, const Uuid& topic_id) : engine_(engine), topic_id_(topic_id) {
    for (int p = 0; p < kProducers; ++p) threads_.emplace_back([this, p] { Produce(p); });
    started_.wait();
  }
  ~Load() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  void Produce(int p) {
    const auto data = *engine_.OpenPartition({"orders", PartitionId(p)}, topic_id_, {});
    const auto offsets =
        *engine_.OpenPartition({"offsets", PartitionId(kOffsetsPartition + p)}, topic_id_, {});
    for (int sequence = 0; !stop_; ++sequence) {
      const From from{.producer_id = p, .sequence = sequence};
      CHECK(AppendAndWait(*data, BatchOf({std::to_string(sequence)}, from)));
      CHECK(AppendAndWait(*offsets, BatchOf({std::to_string(sequence + 1)})));
      if (sequence % 16 == 0) {
        const gneiss::MutexLock lock(metadata_mutex_);
        const std::string record = std::to_string(p) + ":" + std::to_string(sequence + 1);
        CHECK(engine_.metadata_log().Append({&record, 1}));
      }
      if (sequence == 8) started_.count_down();
    }
  }

  Engine& engine_;
  const Uuid topic_id_;
  std::atomic<bool> stop_ = false;
  std::latch started_{kProducers};
  Mutex metadata_mutex_;
  std::vector<std::thread> threads_;
};

// How far metadata says that each producer has got.
std::map<int, std::size_t> ToldByMetadata(Engine& engine) {
  std::map<int, std::size_t> told;
  const Status replayed =
      engine.metadata_log().Replay([&](Offset, std::span<const std::byte> record) -> Status {
        const std::string text(AsText(record));
        told[std::stoi(text)] = std::stoul(text.substr(text.find(':') + 1));
        return {};
      });
  EXPECT_TRUE(replayed);
  return told;
}

void ExpectConsistent(Engine& cut, const Uuid& topic_id) {
  const std::map<int, std::size_t> told = ToldByMetadata(cut);
  for (int p = 0; p < Load::kProducers; ++p) {
    const auto data = *cut.OpenPartition({"orders", PartitionId(p)}, topic_id, {});
    const Values values = ReadAll(*data);
    for (std::size_t i = 0; i < values.size(); ++i) ASSERT_EQ(values[i], std::to_string(i));
    const auto offsets =
        *cut.OpenPartition({"offsets", PartitionId(Load::kOffsetsPartition + p)}, topic_id, {});
    const Values committed = ReadAll(*offsets);
    ASSERT_FALSE(committed.empty());
    EXPECT_LE(std::stoul(committed.back()), values.size());
    EXPECT_GE(std::stoul(committed.back()) + 1, values.size());
    EXPECT_LE(told.at(p), std::stoul(committed.back()));
    // The producer's state says the same as its data: the last batch is known, the next one fits.
    const auto last = static_cast<std::int32_t>(values.size()) - 1;
    const auto again =
        AppendAndWait(*data, BatchOf({values.back()}, From{.producer_id = p, .sequence = last}));
    ASSERT_TRUE(again) << again.error().detail;
    EXPECT_TRUE(again->duplicate);
    const auto next =
        AppendAndWait(*data, BatchOf({"next"}, From{.producer_id = p, .sequence = last + 1}));
    ASSERT_TRUE(next) << next.error().detail;
    EXPECT_EQ(next->base_offset, Offset(last + 1));
  }
}

TEST_F(SnapshotTest, IsConsistentUnderLoad) {
  const char* const rounds = std::getenv("GNEISS_SNAPSHOT_ROUNDS");
  Open(2);
  const Load load(*engine_, topic_id_);
  for (int round = 0; round < (rounds != nullptr ? std::atoi(rounds) : 4); ++round) {
    const std::string name = "snap-" + std::to_string(round);
    Snapshot(name);
    const auto cut = OpenSnapshot(name);
    ExpectConsistent(*cut, topic_id_);
    ASSERT_TRUE(cut->Close());
    fs::remove_all(dir_ / name);
  }
}

}  // namespace
}  // namespace gneiss::engine
