// SPDX-License-Identifier: Apache-2.0
//
// Kills a process that appends, again and again in the same directory, and looks at what is left.
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/testing/batches.h"
#include "engine/testing/temp_dir.h"

extern char** environ;

namespace gneiss::engine {
namespace {

constexpr int kPartitions = 5;
constexpr int kRounds = 12;

class CrashTest : public ::testing::Test {
 protected:
  // Runs crash_writer until it has acknowledged `batches` batches, then kills it. What it said.
  std::string WriteAndKill(int batches) {
    int pipe_ends[2];
    EXPECT_EQ(::pipe(pipe_ends), 0);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_addclose(&actions, pipe_ends[0]);
    std::string program = GNEISS_CRASH_WRITER;
    std::string directory = dir_.path().string();
    std::string topic_id = topic_id_.ToString();
    std::string partitions = std::to_string(kPartitions);
    char* argv[] = {program.data(), directory.data(), topic_id.data(), partitions.data(), nullptr};
    pid_t child = -1;
    EXPECT_EQ(::posix_spawn(&child, program.c_str(), &actions, nullptr, argv, environ), 0);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(pipe_ends[1]);

    std::string said;
    char buffer[4096];
    bool killed = false;
    while (true) {
      const ssize_t size = ::read(pipe_ends[0], buffer, sizeof buffer);
      if (size <= 0) break;
      said.append(buffer, static_cast<std::size_t>(size));
      if (!killed && std::ranges::count(said, '\n') >= batches) {
        killed = true;
        EXPECT_EQ(::kill(child, SIGKILL), 0);
      }
    }
    ::close(pipe_ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(killed && WIFSIGNALED(status)) << "the writer ended by itself, status " << status;
    return said;
  }

  void NoteAcknowledged(const std::string& said) {
    std::istringstream in(said);
    std::size_t partition = 0;
    std::int64_t base = 0, count = 0;
    while (in >> partition >> base >> count) {
      acknowledged_[partition] = std::max(acknowledged_[partition], base + count);
    }
  }

  void Check() {
    EngineOptions options;
    options.data_dirs = {dir_.path()};
    options.metadata_dir = dir_.path();
    auto engine = Engine::Open(std::move(options));
    ASSERT_TRUE(engine.has_value()) << engine.error().detail;
    for (int i = 0; i < kPartitions; ++i) CheckPartition(**engine, i);
  }

  // Every offset is there once, in order, with the value that belongs there.
  void CheckPartition(Engine& engine, int partition) {
    const auto log = engine.OpenPartition({"crash", PartitionId(partition)}, topic_id_, {});
    ASSERT_TRUE(log.has_value()) << log.error().detail;
    const Offset end = (*log)->offsets().log_end;
    EXPECT_GE(end.value(), acknowledged_[static_cast<std::size_t>(partition)])
        << "acknowledged records are lost in partition " << partition;
    const auto view = (*log)->Read(
        Offset(0), {.bytes_max = std::numeric_limits<std::size_t>::max(), .upper_bound = end});
    ASSERT_TRUE(view.has_value()) << view.error().detail;
    const testing::Values values = testing::ValuesOf(*view);
    ASSERT_EQ(std::ssize(values), end.value());
    for (std::size_t i = 0; i < values.size(); ++i) {
      ASSERT_EQ(values[i], std::to_string(partition) + ":" + std::to_string(i));
    }
    if (end.value() == 0) return;
    const auto producers = (*log)->ActiveProducers();
    ASSERT_EQ(producers.size(), 1u);
    EXPECT_EQ(producers[0].last_sequence, end.value() - 1) << "of another time than the records";
  }

  testing::TempDir dir_;
  const Uuid topic_id_ = Uuid::Random();
  std::vector<std::int64_t> acknowledged_ = std::vector<std::int64_t>(kPartitions);
};

TEST_F(CrashTest, NothingAcknowledgedIsLostByKill) {
  std::mt19937 random(3);
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE(round);
    // From "the family is being made" to "some memtables were flushed".
    NoteAcknowledged(WriteAndKill(1 + static_cast<int>(random() % (round % 3 == 0 ? 20 : 4000))));
    ASSERT_NO_FATAL_FAILURE(Check());
  }
}

}  // namespace
}  // namespace gneiss::engine
