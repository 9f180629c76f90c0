// SPDX-License-Identifier: Apache-2.0
// The program as its users meet it: the command line, what it prints, how it ends.

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/testing/temp_dir.h"
#include "protocol/messages/delete_topics.h"
#include "server/http/control_client.h"
#include "server/testing/gneiss_process.h"
#include "server/testing/group_calls.h"
#include "server/testing/raw_client.h"
#include "server/testing/topic_calls.h"

namespace gneiss::server {
namespace {

using testing::AddressIn;
using testing::Finished;
using testing::kAnyPort;
using testing::Process;
using testing::RunToTheEnd;

class ProcessTest : public ::testing::Test {
 protected:
  std::string DataDir(const std::string& name = "data") {
    return "--data_dir=" + (dir_ / name).string();
  }
  std::string WriteConfig(const std::string& text) {
    std::ofstream(dir_ / "server.properties") << text;
    return "--config=" + (dir_ / "server.properties").string();
  }

  engine::testing::TempDir dir_;
};

TEST_F(ProcessTest, SaysReadyOnceAndStopsCleanlyOnSigterm) {
  Process broker({"run", DataDir(), kAnyPort});
  const std::string ready = broker.ReadLine();
  EXPECT_TRUE(ready.starts_with("ready listeners=PLAINTEXT://127.0.0.1:")) << ready;
  EXPECT_TRUE(ready.ends_with(" data_dir=" + (dir_ / "data").string())) << ready;
  EXPECT_FALSE(AddressIn(ready).ends_with(":0"));
  broker.Signal(SIGTERM);
  EXPECT_EQ(broker.Wait(), 0);
  EXPECT_EQ(broker.Output(), "");
}

TEST_F(ProcessTest, SaysWhatClientsAreTold) {
  Process broker({DataDir(), kAnyPort});
  broker.ReadLine();
  broker.Signal(SIGINT);
  EXPECT_EQ(broker.Wait(), 0);
  EXPECT_NE(broker.Errors().find("set advertised.listeners"), std::string::npos);
}

TEST_F(ProcessTest, HealthIsAsked) {
  Process broker({DataDir(), kAnyPort});
  const std::string address = AddressIn(broker.ReadLine());
  EXPECT_EQ(RunToTheEnd({"health", "--address=" + address}).exit_code, 0);
  EXPECT_EQ(RunToTheEnd({"health", "--listeners=PLAINTEXT://" + address}).exit_code, 0);
  broker.Signal(SIGTERM);
  EXPECT_EQ(broker.Wait(), 0);
  const Finished dead = RunToTheEnd({"health", "--address=" + address});
  EXPECT_EQ(dead.exit_code, 1);
  EXPECT_TRUE(dead.errors.starts_with("gneiss: no broker answers on " + address)) << dead.errors;
}

TEST_F(ProcessTest, HttpIsServedWhenItIsAskedFor) {
  Process broker({DataDir(), kAnyPort, "--http_address=127.0.0.1:0"});
  const std::string ready = broker.ReadLine();
  const std::size_t at = ready.find(" http=127.0.0.1:");
  ASSERT_NE(at, std::string::npos) << ready;
  EXPECT_EQ(ready.find(":0 ", at), std::string::npos) << ready;
  const auto metrics = AskBroker(dir_ / "data", "GET", "/metrics");
  ASSERT_TRUE(metrics) << metrics.error().detail;
  EXPECT_NE(metrics->body.find("gneiss_store_commits_total"), std::string::npos) << metrics->body;
  broker.Signal(SIGTERM);
  EXPECT_EQ(broker.Wait(), 0);
}

TEST_F(ProcessTest, ASecondBrokerOnTheDirectoryIsRefused) {
  Process broker({DataDir(), kAnyPort});
  ASSERT_NE(broker.ReadLine(), "");
  const Finished second = RunToTheEnd({DataDir(), kAnyPort});
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_EQ(second.output, "");
  EXPECT_NE(second.errors.find("in use by another broker"), std::string::npos) << second.errors;
}

TEST_F(ProcessTest, APortInUseIsRefused) {
  Process broker({DataDir(), kAnyPort});
  const std::string address = AddressIn(broker.ReadLine());
  const Finished second = RunToTheEnd({DataDir("other"), "--listeners=PLAINTEXT://" + address});
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_EQ(second.errors, "gneiss: cannot listen on PLAINTEXT://" + address +
                               ": the port is in use; is another broker running?\n");
}

// What cannot work ends with status 1 and one line that names what is wrong.
TEST_F(ProcessTest, WrongCommandLinesAreOneSentence) {
  const std::map<std::string, std::vector<std::string>> cases = {
      {"unknown command \"repare\"", {"repare"}},
      {"nonsense", {"--nonsense"}},
      {"give --to=DIR", {"snapshot"}},
      {"--to goes with snapshot only", {"--to=/x"}},
      {"--scratch_dir goes with --from only", {"--scratch_dir=/tmp"}},
      {"--from makes a data directory of its own", {"--from=/x"}},
      {"--http_address=9000: expected host:port", {"--http_address=9000"}},
      {"--set=abc", {"--set=abc"}},
      {"--event_loops=-1", {"--event_loops=-1"}},
      {"listeners", {"--listeners=SSL://127.0.0.1:0"}},
      {"num.partitions", {"--set=num.partitions=many"}},
      {"/no/such/file", {"--config=/no/such/file"}},
      {"zookeeper.connect", {"--set=zookeeper.connect=localhost:2181"}},
  };
  for (const auto& [named, arguments] : cases) {
    std::vector<std::string> all = arguments;
    all.push_back(DataDir());
    const Finished run = RunToTheEnd(all);
    EXPECT_EQ(run.exit_code, 1) << named;
    EXPECT_EQ(run.output, "") << named;
    EXPECT_NE(run.errors.find(named), std::string::npos) << run.errors;
    EXPECT_EQ(run.errors.find('\n'), run.errors.size() - 1) << run.errors;
  }
  EXPECT_FALSE(std::filesystem::exists(dir_ / "data"));
}

TEST_F(ProcessTest, FlagsWinOverSetAndSetOverTheFile) {
  const std::string config = WriteConfig("log.dirs=" + (dir_ / "from-file").string() +
                                         "\nlisteners=PLAINTEXT://127.0.0.1:0\n");
  const std::string set = "--set=log.dirs=" + (dir_ / "from-set").string();
  const std::map<std::string, std::vector<std::string>> cases = {
      {"from-file", {config}},
      {"from-set", {config, set}},
      {"from-flag", {set, DataDir("from-flag"), config}},
  };
  for (const auto& [name, arguments] : cases) {
    Process broker(arguments);
    const std::string ready = broker.ReadLine();
    EXPECT_TRUE(ready.ends_with("/" + name)) << ready;
    broker.Signal(SIGTERM);
    EXPECT_EQ(broker.Wait(), 0);
  }
}

TEST_F(ProcessTest, ATableOfTheApisIsPrinted) {
  const Finished table = RunToTheEnd({"--print_api_table"});
  EXPECT_EQ(table.exit_code, 0);
  EXPECT_NE(table.output.find("| 18 | ApiVersions | 0-4 |"), std::string::npos) << table.output;
}

// The tombstones of its offsets may not have been written yet: the load must find the orphans.
TEST_F(ProcessTest, OffsetsOfATopicDeletedJustBeforeAKillAreNotThoseOfANewOne) {
  const auto connect = [](Process& broker) {
    const std::string address = AddressIn(broker.ReadLine());
    return testing::RawClient(
        static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  };
  for (int round = 0; round < 3; ++round) {
    SCOPED_TRACE(round);
    Process broker({DataDir(), kAnyPort});
    testing::RawClient client = connect(broker);
    if (round > 0) testing::WaitForGroups(client, {"g"});
    testing::CreateTopic(client, "orders");
    if (round > 0) EXPECT_EQ(testing::Committed(client, "g", "orders", 0), -1);
    testing::FindGroup(client, "g");
    ASSERT_EQ(testing::Commit(client, "g", "orders", 0, 42), 0);
    ASSERT_EQ(testing::Committed(client, "g", "orders", 0), 42);
    protocol::DeleteTopicsRequest request;
    request.topic_names = {"orders"};
    request.timeout_ms = 10'000;
    client.Call<protocol::DeleteTopicsRequest, protocol::DeleteTopicsResponse>(request, 5);
    broker.Signal(SIGKILL);
    broker.Wait();
  }
}

}  // namespace
}  // namespace gneiss::server
