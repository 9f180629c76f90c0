// SPDX-License-Identifier: Apache-2.0
//
// Kills a broker's engine at every named point of its write path and at everything that RocksDB
// does to the disk, and looks at what is left. GNEISS_FAULT_ROUNDS: how many times through all
// points (without it: the named ones and some of the disk's); GNEISS_FAULT_SEED: the order and the
// passings of an earlier run.
#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "engine/clone/pending_clones.h"
#include "engine/placement_table.h"
#include "engine/rocks_engine.h"
#include "engine/testing/batches.h"
#include "engine/testing/fault_topics.h"
#include "engine/testing/temp_dir.h"

extern char** environ;

namespace gneiss::engine {
namespace {

using testing::FaultTopics;
using testing::kFaultPartitions;

constexpr std::size_t kLivesPerDirectory = 6;
constexpr int kDiskPointsInShort = 6;

int FromEnvironment(const char* name, int otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::atoi(text);
}

using Points = std::vector<std::pair<std::string, int>>;  // and how often they are passed

// All that our own code names, and a few of the disk's.
Points SomePoints(const std::map<std::string, int>& all, std::mt19937& random) {
  Points named, of_disk;
  for (const auto& point : all) {
    (point.first.starts_with("disk.") ? of_disk : named).push_back(point);
  }
  std::ranges::sample(of_disk, std::back_inserter(named), kDiskPointsInShort, random);
  return named;
}

struct Acknowledged {
  std::set<Uuid> topics, removing, removed;
  std::map<std::pair<Uuid, int>, std::int64_t> ends, starts;
};

// What the lives of fault_scenario in a directory have said.
struct Said : Acknowledged {
  Acknowledged at_snapshot;   // when the newest snapshot began
  bool has_snapshot = false;  // it is there for certain
  std::map<std::string, int> points;
  std::vector<std::string> never;

  void Add(const std::string& text);
};

void Said::Add(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string kind, subject;
    words >> kind >> subject;
    if (kind == "never") {
      never.push_back(subject);
    } else if (kind == "point") {
      words >> points[subject];
    } else if (kind == "end" || kind == "start") {
      int partition = 0;
      std::int64_t offset = 0;
      words >> partition >> offset;
      std::int64_t& known = (kind == "end" ? ends : starts)[{*Uuid::Parse(subject), partition}];
      known = std::max(known, offset);
    } else if (kind == "snapping") {
      at_snapshot = *this;
    } else if (kind == "snapped" || kind == "retiring") {
      has_snapshot = kind == "snapped";
    } else {
      (kind == "topic"      ? topics
       : kind == "removing" ? removing
                            : removed)
          .insert(*Uuid::Parse(subject));
    }
  }
}

class FaultInjectionTest : public ::testing::Test {
 protected:
  // One life of the scenario in `directory`; true if it was killed. Another end than that and
  // success fails the test.
  bool Live(const std::filesystem::path& directory, std::vector<std::string> point) {
    int pipe_ends[2];
    EXPECT_EQ(::pipe(pipe_ends), 0);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_addclose(&actions, pipe_ends[0]);
    std::vector<std::string> words{GNEISS_FAULT_SCENARIO, directory.string()};
    words.insert(words.end(), point.begin(), point.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_t child = -1;
    EXPECT_EQ(::posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ), 0);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(pipe_ends[1]);

    std::string text;
    char buffer[4096];
    while (true) {
      const ssize_t size = ::read(pipe_ends[0], buffer, sizeof buffer);
      if (size <= 0) break;
      text.append(buffer, static_cast<std::size_t>(size));
    }
    ::close(pipe_ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    said_.Add(text);
    const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    EXPECT_TRUE(killed || (WIFEXITED(status) && WEXITSTATUS(status) == 0)) << "status " << status;
    return killed;
  }

  void Check(const std::filesystem::path& directory, bool clean) {
    CheckBroker(directory, said_, clean,
                [&](RocksEngine& engine) { TakeSnapshot(engine, directory / "snap"); });
  }

  // A broker on the snapshot that Check has found or taken.
  void CheckSnapshot(const std::filesystem::path& directory, bool clean) {
    SCOPED_TRACE("in the snapshot");
    CheckBroker(directory / "snap", said_.at_snapshot, clean, [](RocksEngine&) {});
  }

  static std::unique_ptr<RocksEngine> OpenOn(const std::filesystem::path& directory) {
    EngineOptions options;
    options.data_dirs = {directory};
    options.metadata_dir = directory;
    options.disk_reserve_bytes = testing::kDiskReserveBytes;
    auto opened = RocksEngine::Open(std::move(options), rocksdb::FileSystem::Default());
    EXPECT_TRUE(opened.has_value()) << opened.error().detail;
    return opened ? std::move(*opened) : nullptr;
  }

  static void CheckBroker(const std::filesystem::path& directory, const Acknowledged& known,
                          bool clean, const std::function<void(RocksEngine&)>& use) {
    auto engine = OpenOn(directory);
    ASSERT_NE(engine, nullptr);
    const FaultTopics topics = testing::ReplayTopics(engine->metadata_log());
    CheckTopics(topics, known, *engine);
    std::set<std::string> families{"default", "state"};
    for (const auto& [id, name] : topics.live) {
      for (int i = 0; i <= testing::kCleanedPartition; ++i) {
        const auto log =
            engine->OpenPartition({name, PartitionId(i)}, id, testing::FaultConfigOf(i));
        ASSERT_TRUE(log.has_value()) << log.error().detail;
        i < kFaultPartitions ? CheckPartition(**log, id, i, topics, known)
                             : CheckCleaned(**log, id, topics, known);
        for (const auto& store : engine->stores()) {
          const auto family = store->FindFamily({id, PartitionId(i)});
          if (family != nullptr) families.insert(family->name());
        }
      }
    }
    engine->DropRemoved([&](const Uuid& id) { return topics.removed.contains(id); });
    use(*engine);
    std::vector<std::filesystem::path> stores;
    for (const auto& store : engine->stores()) stores.push_back(store->path());
    if (clean) EXPECT_TRUE(engine->Close().has_value());
    engine.reset();
    CheckFamilies(stores, families);
    if (clean) CheckPlacements(directory, topics);
  }

  // One that is there is left alone; what an unfinished one has left is not in the way.
  void TakeSnapshot(RocksEngine& engine, const std::filesystem::path& place) {
    const bool there = std::filesystem::exists(place);
    EXPECT_TRUE(there || !said_.has_snapshot) << "the snapshot is lost";
    const auto taken = engine.Snapshot(place);
    if (there) {
      ASSERT_FALSE(taken.has_value());
      EXPECT_EQ(taken.error().detail, place.string() + " exists already.");
      return;
    }
    ASSERT_TRUE(taken.has_value()) << taken.error().detail;
    EXPECT_FALSE(std::filesystem::exists(place.string() + ".partial"));
    said_.at_snapshot = said_;
    said_.has_snapshot = true;
  }

  // A removal is on record as long as there is anything to remove.
  static void CheckTopics(const FaultTopics& topics, const Acknowledged& known,
                          const RocksEngine& engine) {
    for (const Uuid& id : known.topics) {
      EXPECT_TRUE(topics.live.contains(id) || known.removing.contains(id))
          << "topic " << id << " is lost";
    }
    for (const Uuid& id : known.removing) {
      const bool gone = topics.removed.contains(id) || !engine.MayHold(id);
      EXPECT_TRUE(topics.live.contains(id) || gone) << "the removal of topic " << id << " is lost";
    }
    for (const Uuid& id : known.removed) {
      EXPECT_FALSE(topics.live.contains(id)) << "topic " << id << " came back";
    }
  }

  static void CheckEnd(const LogOffsets& offsets, const Uuid& id, int partition,
                       const FaultTopics& topics, const Acknowledged& known) {
    if (const auto end = known.ends.find({id, partition}); end != known.ends.end()) {
      EXPECT_GE(offsets.log_end.value(), end->second) << "records are lost";
    }
    if (const auto clone = topics.clones.find(id); clone != topics.clones.end()) {
      EXPECT_GE(offsets.log_end, clone->second.ends.at(static_cast<std::size_t>(partition)))
          << "a clone is not whole";
    }
  }

  // Every offset is there once, in order, with the value that belongs there, and the producer's
  // retry of the last batch is known for what it is.
  static void CheckPartition(PartitionLog& log, const Uuid& id, int partition,
                             const FaultTopics& topics, const Acknowledged& known) {
    SCOPED_TRACE(log.topic_partition().ToString());
    const LogOffsets offsets = log.offsets();
    CheckEnd(offsets, id, partition, topics, known);
    const auto start = known.starts.find({id, partition});
    if (start != known.starts.end()) {
      EXPECT_GE(offsets.log_start.value(), start->second) << "records came back";
    }
    EXPECT_EQ(offsets.high_watermark, offsets.log_end);
    if (offsets.log_start == offsets.log_end) return;
    const auto view = log.Read(
        offsets.log_start,
        {.bytes_max = std::numeric_limits<std::size_t>::max(), .upper_bound = offsets.log_end});
    ASSERT_TRUE(view.has_value()) << view.error().detail;
    const testing::Values values = testing::ValuesOf(*view);
    const std::vector<Offset> bases = testing::BaseOffsetsOf(*view);
    ASSERT_FALSE(values.empty());
    ASSERT_LE(bases.front(), offsets.log_start);
    ASSERT_EQ(bases.front() + std::ssize(values), offsets.log_end);
    Offset offset = bases.front();
    for (const std::string& value : values) {
      const Uuid& writer = topics.WriterOf(id, partition, offset);
      ASSERT_EQ(value, testing::FaultValue(writer, partition, offset));
      ++offset;
    }
    const testing::Values last(values.end() - (offsets.log_end - bases.back()), values.end());
    const auto retry = testing::AppendAndWait(
        log, testing::BatchOf(last, {.producer_id = 7,
                                     .sequence = static_cast<std::int32_t>(bases.back().value())}));
    ASSERT_TRUE(retry.has_value()) << retry.error().detail;
    EXPECT_TRUE(retry->duplicate);
    EXPECT_EQ(retry->base_offset, bases.back());
  }

  // The newest record of each key is there, and none at an offset that is not its own.
  static void CheckCleaned(PartitionLog& log, const Uuid& id, const FaultTopics& topics,
                           const Acknowledged& known) {
    SCOPED_TRACE(log.topic_partition().ToString());
    const LogOffsets offsets = log.offsets();
    CheckEnd(offsets, id, testing::kCleanedPartition, topics, known);
    const auto view = log.Read(Offset(0), {.bytes_max = std::numeric_limits<std::size_t>::max(),
                                           .upper_bound = offsets.log_end});
    ASSERT_TRUE(view.has_value()) << view.error().detail;
    const testing::Values values = testing::ValuesOf(*view);
    const std::vector<Offset> bases = testing::BaseOffsetsOf(*view);
    ASSERT_EQ(values.size(), bases.size()) << "each batch has one record";
    for (std::size_t i = 0; i < values.size(); ++i) {
      ASSERT_EQ(values[i], testing::CleanedValue(bases[i]));
    }
    const std::int64_t newest =
        std::min<std::int64_t>(offsets.log_end.value(), testing::kCleanedKeys);
    for (std::int64_t back = 1; back <= newest; ++back) {
      EXPECT_TRUE(std::ranges::binary_search(bases, offsets.log_end - back)) << back;
    }
  }

  // Nothing is known of partitions of other topics.
  static void CheckPlacements(const std::filesystem::path& directory, const FaultTopics& topics) {
    const auto engine = OpenOn(directory);
    ASSERT_NE(engine, nullptr);
    const PlacementTable placements(dynamic_cast<RocksMetadataLog&>(engine->metadata_log()));
    const Status loaded =
        placements.Load([&](const format::PartitionRef& ref, const format::Placement&) {
          EXPECT_TRUE(topics.live.contains(ref.topic_id)) << "topic " << ref.topic_id;
        });
    EXPECT_TRUE(loaded.has_value());
  }

  // Nothing but the families of topics that there are.
  static void CheckFamilies(const std::vector<std::filesystem::path>& stores,
                            const std::set<std::string>& expected) {
    std::set<std::string> found;
    for (const std::filesystem::path& store : stores) {
      std::vector<std::string> names;
      const rocksdb::Status listed =
          rocksdb::DB::ListColumnFamilies(rocksdb::DBOptions(), store, &names);
      ASSERT_TRUE(listed.ok()) << listed.ToString();
      found.insert(names.begin(), names.end());
      for (const char* const files : {kCloneDirectory, kCloneTemporary}) {
        EXPECT_FALSE(std::filesystem::exists(store / files));
      }
    }
    EXPECT_EQ(found, expected);
  }

  Said said_;
};

TEST_F(FaultInjectionTest, TheScenarioPassesEveryNamedPoint) {
  const testing::TempDir dir;
  ASSERT_FALSE(Live(dir.path(), {}));
  EXPECT_EQ(said_.never, std::vector<std::string>{});
  EXPECT_GT(said_.points.size(), 30u);
  Check(dir.path(), true);
  CheckSnapshot(dir.path(), true);
}

TEST_F(FaultInjectionTest, KilledAtAnyPointItLosesNothingAcknowledged) {
  const int seed = FromEnvironment("GNEISS_FAULT_SEED", static_cast<int>(std::random_device{}()));
  const int rounds = FromEnvironment("GNEISS_FAULT_ROUNDS", 0);
  std::printf("GNEISS_FAULT_SEED=%d GNEISS_FAULT_ROUNDS=%d\n", seed, rounds);
  std::mt19937 random(static_cast<unsigned>(seed));
  ASSERT_FALSE(Live(testing::TempDir().path(), {}));
  Points points;
  for (int i = 0; i < rounds; ++i) {
    points.insert(points.end(), said_.points.begin(), said_.points.end());
  }
  if (rounds == 0) points = SomePoints(said_.points, random);
  std::ranges::shuffle(points, random);

  std::unique_ptr<testing::TempDir> dir;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (i % kLivesPerDirectory == 0) {
      dir = std::make_unique<testing::TempDir>();
      said_ = {};
    }
    const auto& [name, count] = points[i];
    const int passing = 1 + static_cast<int>(random() % static_cast<unsigned>(count));
    SCOPED_TRACE(name + " at passing " + std::to_string(passing));
    // A life may differ from the first one by a flush or a group; the first passing always comes.
    if (!Live(dir->path(), {name, std::to_string(passing)})) {
      ASSERT_TRUE(Live(dir->path(), {name, "1"})) << "not killed";
    }
    const bool clean = random() % 4 == 0;
    ASSERT_NO_FATAL_FAILURE(Check(dir->path(), clean));
    if (clean || name.starts_with("snapshot.")) {
      ASSERT_NO_FATAL_FAILURE(CheckSnapshot(dir->path(), clean));
    }
    ASSERT_FALSE(HasFailure());
  }
}

}  // namespace
}  // namespace gneiss::engine
