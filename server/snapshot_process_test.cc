// SPDX-License-Identifier: Apache-2.0
// Snapshots and throw-away copies as their users meet them: by the program and over the wire.

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <latch>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/testing/temp_dir.h"
#include "protocol/records/record_iterator.h"
#include "server/testing/data_test.h"
#include "server/testing/gneiss_process.h"
#include "server/testing/group_calls.h"
#include "server/testing/topic_calls.h"

namespace gneiss::server {
namespace {

namespace fs = std::filesystem;
using testing::AddressIn;
using testing::BatchShape;
using testing::Finished;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kAnyPort;
using testing::Process;
using testing::RawClient;
using testing::RunToTheEnd;
using ::testing::StartsWith;

std::uint16_t PortIn(const std::string& ready) {
  const std::string address = AddressIn(ready);
  return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
}

// One record of an idempotent producer.
protocol::ProduceResponse::PartitionProduceResponse Send(RawClient& client, int partition,
                                                         std::int32_t sequence) {
  const BatchShape shape{
      .producer_id = 1000 + partition, .producer_epoch = 0, .base_sequence = sequence};
  protocol::ProduceRequest request;
  request.acks = -1;
  request.timeout_ms = 10'000;
  auto& data = request.topic_data.emplace_back();
  data.name = "orders";
  auto& entry = data.partition_data.emplace_back();
  entry.index = partition;
  entry.records.emplace(SharedBytes::Own(testing::MakeBatch({std::to_string(sequence)}, shape)));
  return client.Call<protocol::ProduceRequest, protocol::ProduceResponse>(request, 9)
      .responses.at(0)
      .partition_responses.at(0);
}

std::int64_t EndOf(RawClient& client, int partition) {
  protocol::FetchRequest request;
  auto& data = request.topics.emplace_back();
  data.topic = "orders";
  auto& entry = data.partitions.emplace_back();
  entry.partition = partition;
  entry.partition_max_bytes = 1;
  return client.Call<protocol::FetchRequest, protocol::FetchResponse>(request, 11)
      .responses.at(0)
      .partitions.at(0)
      .high_watermark;
}

std::string GroupOf(int partition) { return "group-" + std::to_string(partition); }

// One producer and one committing group for each partition: a group commits what was acknowledged.
class Load {
 public:
  static constexpr int kPartitions = 3;

  explicit Load(std::uint16_t port) : port_(port) {
    for (int p = 0; p < kPartitions; ++p) threads_.emplace_back([this, p] { Run(p); });
    started_.wait();
  }
  ~Load() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  void Run(int partition) {
    RawClient client(port_);
    for (std::int32_t sequence = 0; !stop_; ++sequence) {
      EXPECT_EQ(Send(client, partition, sequence).error_code, 0);
      EXPECT_EQ(testing::Commit(client, GroupOf(partition), "orders", partition, sequence + 1), 0);
      if (sequence == 10) started_.count_down();
    }
  }

  const std::uint16_t port_;
  std::atomic<bool> stop_ = false;
  std::latch started_{kPartitions};
  std::vector<std::thread> threads_;
};

void ExpectConsistent(RawClient& client) {
  for (int p = 0; p < Load::kPartitions; ++p) {
    testing::WaitForGroups(client, {GroupOf(p)});
    const std::int64_t end = EndOf(client, p);
    const std::int64_t committed = testing::Committed(client, GroupOf(p), "orders", p);
    EXPECT_LE(committed, end);
    EXPECT_GE(committed, end - 1);
    // The producer's state speaks of the same data: the last batch is a duplicate, the next is not.
    const auto again = Send(client, p, static_cast<std::int32_t>(end - 1));
    EXPECT_EQ(again.error_code, 0);
    EXPECT_EQ(again.base_offset, end - 1);
    EXPECT_EQ(Send(client, p, static_cast<std::int32_t>(end)).base_offset, end);
  }
}

// Every file with its contents.
std::map<std::string, std::string> Contents(const fs::path& directory) {
  std::map<std::string, std::string> contents;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    contents[entry.path().string()] = {std::istreambuf_iterator<char>(in), {}};
  }
  return contents;
}

class SnapshotProcessTest : public ::testing::Test {
 protected:
  static void Prepare(RawClient& client) {
    testing::CreateTopic(client, "orders", Load::kPartitions);
    testing::FindGroup(client);
  }
  std::string Path(const std::string& name) const { return (dir_ / name).string(); }
  static void Stop(Process& broker) {
    broker.Signal(SIGTERM);
    EXPECT_EQ(broker.Wait(), 0);
  }

  engine::testing::TempDir dir_;
};

TEST_F(SnapshotProcessTest, OfARunningBrokerUnderLoadServesAsAFixture) {
  Process broker({"--data_dir=" + Path("data"), kAnyPort});
  const std::uint16_t port = PortIn(broker.ReadLine());
  RawClient client(port);
  Prepare(client);
  const auto cluster_id = testing::Metadata(client, {}).cluster_id;
  std::vector<std::string> snapshots;
  {
    const Load load(port);
    for (const char* const name : {"one", "two", "three"}) {
      const Finished taken =
          RunToTheEnd({"snapshot", "--data_dir=" + Path("data"), "--to=" + Path(name)});
      ASSERT_EQ(taken.exit_code, 0) << taken.errors;
      EXPECT_THAT(taken.output, StartsWith("{\"directory\":\"" + Path(name) + "\""));
      EXPECT_THAT(taken.output, HasSubstr("\"scope\":\"this broker only"));
      snapshots.push_back(Path(name));
    }
  }
  Stop(broker);
  fs::remove_all(Path("data"));
  fs::create_directories(Path("scratch"));
  for (const std::string& snapshot : snapshots) {
    const auto before = Contents(snapshot);
    for (int run = 0; run < 2; ++run) {  // the second meets nothing of the first
      Process fixture({"run", "--from=" + snapshot, "--scratch_dir=" + Path("scratch"), kAnyPort});
      RawClient fixture_client(PortIn(fixture.ReadLine()));
      EXPECT_EQ(testing::Metadata(fixture_client, {}).cluster_id, cluster_id);
      ExpectConsistent(fixture_client);
      Stop(fixture);
      EXPECT_EQ(Contents(snapshot), before);
      EXPECT_THAT(fs::directory_iterator(Path("scratch")), fs::directory_iterator());
    }
  }
}

TEST_F(SnapshotProcessTest, ABrokerStartsOnTheSnapshotItself) {
  Process broker({"--data_dir=" + Path("data"), kAnyPort});
  RawClient client(PortIn(broker.ReadLine()));
  Prepare(client);
  EXPECT_EQ(Send(client, 0, 0).error_code, 0);
  ASSERT_EQ(
      RunToTheEnd({"snapshot", "--data_dir=" + Path("data"), "--to=" + Path("snap")}).exit_code, 0);
  EXPECT_EQ(Send(client, 0, 1).error_code, 0);
  Process copy({"--data_dir=" + Path("snap"), kAnyPort});
  RawClient copy_client(PortIn(copy.ReadLine()));
  EXPECT_EQ(EndOf(copy_client, 0), 1);
  EXPECT_EQ(EndOf(client, 0), 2);
  Stop(copy);
  Stop(broker);
}

TEST_F(SnapshotProcessTest, OfAStoppedBrokerIsTakenWithoutOne) {
  const std::string dirs = "--data_dir=" + Path("a") + "," + Path("b");
  {
    Process broker({dirs, kAnyPort});
    RawClient client(PortIn(broker.ReadLine()));
    Prepare(client);
    for (int p = 0; p < Load::kPartitions; ++p) EXPECT_EQ(Send(client, p, 0).error_code, 0);
    broker.Signal(SIGKILL);
    broker.Wait();
  }
  const Finished taken = RunToTheEnd({"snapshot", dirs, "--to=" + Path("snap")});
  ASSERT_EQ(taken.exit_code, 0) << taken.errors;
  EXPECT_THAT(taken.output, HasSubstr("\"pause_us\":0"));
  fs::remove_all(Path("a"));
  fs::remove_all(Path("b"));
  Process broker({"run", "--from=" + Path("snap"), kAnyPort});
  RawClient client(PortIn(broker.ReadLine()));
  for (int p = 0; p < Load::kPartitions; ++p) EXPECT_EQ(EndOf(client, p), 1);
  Stop(broker);
}

TEST_F(SnapshotProcessTest, WhatCannotBeIsOneSentence) {
  Process broker({"--data_dir=" + Path("data"), kAnyPort});
  ASSERT_NE(broker.ReadLine(), "");
  fs::create_directories(dir_ / "full/of/things");
  const Finished exists =
      RunToTheEnd({"snapshot", "--data_dir=" + Path("data"), "--to=" + Path("full")});
  EXPECT_EQ(exists.exit_code, 1);
  EXPECT_THAT(exists.errors, HasSubstr("exists already"));
  const Finished running = RunToTheEnd({"run", "--from=" + Path("data"), kAnyPort});
  EXPECT_EQ(running.exit_code, 1);
  EXPECT_THAT(running.errors, HasSubstr("A broker is running on"));
  const Finished nothing =
      RunToTheEnd({"snapshot", "--data_dir=" + Path("none"), "--to=" + Path("snap")});
  EXPECT_EQ(nothing.exit_code, 1);
  EXPECT_THAT(nothing.errors, HasSubstr("is not a data directory"));
  EXPECT_FALSE(fs::exists(Path("none")));
}

}  // namespace
}  // namespace gneiss::server
