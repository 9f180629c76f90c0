// SPDX-License-Identifier: Apache-2.0
//
// crash_writer DIR TOPIC_ID PARTITIONS: appends to all partitions as fast as it can until it is
// killed. Says on stdout what was acknowledged, one line per batch: "PARTITION BASE_OFFSET COUNT".
// The value of a record is "PARTITION:OFFSET", which needs no acknowledgement to be known, as one
// thread appends; producer ids are used, so that a restart has their state to bring back.
#include <glog/logging.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/testing/batches.h"
#include "protocol/base/mutex.h"

namespace gneiss::engine::testing {
namespace {

constexpr int kInFlightMax = 32;

// Writes a whole line at once: lines of up to PIPE_BUF bytes are not mixed up, and what was written
// outlives the process.
void Say(const std::string& line) {
  CHECK(::write(STDOUT_FILENO, line.data(), line.size()) == static_cast<ssize_t>(line.size()));
}

std::vector<std::shared_ptr<PartitionLog>> OpenLogs(Engine& engine, const Uuid& topic_id,
                                                    int partitions) {
  std::vector<std::shared_ptr<PartitionLog>> logs;
  for (int i = 0; i < partitions; ++i) {
    auto log = engine.OpenPartition({"crash", PartitionId(i)}, topic_id, {});
    CHECK(log.has_value()) << log.error().detail;
    logs.push_back(*log);
  }
  return logs;
}

[[noreturn]] void WriteForEver(const std::vector<std::shared_ptr<PartitionLog>>& logs) {
  std::vector<Offset> ends;
  for (const auto& log : logs) ends.push_back(log->offsets().log_end);
  std::atomic<int> in_flight = 0;
  for (std::size_t turn = 0;; ++turn) {
    while (in_flight.load() >= kInFlightMax) ::sched_yield();
    const std::size_t partition = turn % logs.size();
    const std::size_t count = 1 + turn % 3;
    Offset& end = ends[partition];
    // Sequences are offsets: the partition has one producer for its whole life.
    const auto sequence = static_cast<std::int32_t>(end.value());
    Values values;
    for (std::size_t i = 0; i < count; ++i, ++end) {
      values.push_back(std::to_string(partition) + ":" + std::to_string(end.value()));
    }
    ++in_flight;
    logs[partition]->Append(BatchOf(values, {.producer_id = 7, .sequence = sequence}),
                            [&, partition, count](Result<AppendResult> result) {
                              CHECK(result.has_value()) << result.error().detail;
                              Say(std::to_string(partition) + " " +
                                  std::to_string(result->base_offset.value()) + " " +
                                  std::to_string(count) + "\n");
                              --in_flight;
                            });
  }
}

}  // namespace
}  // namespace gneiss::engine::testing

int main(int argc, char** argv) {
  using namespace gneiss;
  google::InitGoogleLogging(argv[0]);
  FLAGS_logtostderr = true;
  CHECK_EQ(argc, 4) << "usage: crash_writer DIR TOPIC_ID PARTITIONS";
  engine::EngineOptions options;
  options.data_dirs = {argv[1]};
  options.metadata_dir = argv[1];
  auto opened = engine::Engine::Open(std::move(options));
  CHECK(opened.has_value()) << opened.error().detail;
  const auto topic_id = Uuid::Parse(argv[2]);
  CHECK(topic_id.has_value());
  engine::testing::WriteForEver(engine::testing::OpenLogs(**opened, *topic_id, std::atoi(argv[3])));
}
