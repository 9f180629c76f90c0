// SPDX-License-Identifier: Apache-2.0
// The program as its users meet it: the command line, what it prints, how it ends.

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/testing/temp_dir.h"

namespace gneiss::server {
namespace {

constexpr int kPatienceMs = 30'000;
constexpr char kAnyPort[] = "--listeners=PLAINTEXT://127.0.0.1:0";

// gneiss as a child process, killed at the end if it still runs.
class Process {
 public:
  explicit Process(std::vector<std::string> arguments) {
    int out[2];
    int err[2];
    if (::pipe(out) != 0 || ::pipe(err) != 0) throw std::runtime_error("pipe");
    arguments.insert(arguments.begin(), GNEISS_BINARY);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(out[1], STDOUT_FILENO);
      ::dup2(err[1], STDERR_FILENO);
      for (const int fd : {out[0], out[1], err[0], err[1]}) ::close(fd);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    ::close(out[1]);
    ::close(err[1]);
    out_ = out[0];
    err_ = err[0];
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    ::close(out_);
    ::close(err_);
  }

  // The next line of stdout, without its end; what there was at the end of the file or the time.
  std::string ReadLine() { return Read(out_, '\n'); }
  // Everything that is left. Call Wait first.
  std::string Errors() { return Read(err_, '\0'); }
  std::string Output() { return Read(out_, '\0'); }

  void Signal(int signal) { ::kill(pid_, signal); }
  int Wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  static std::string Read(int fd, char end) {
    std::string text;
    char c = 0;
    pollfd poll_fd{fd, POLLIN, 0};
    while (::poll(&poll_fd, 1, kPatienceMs) > 0 && ::read(fd, &c, 1) == 1 && c != end) text += c;
    return text;
  }

  pid_t pid_ = -1;
  int out_ = -1;
  int err_ = -1;
};

// A run that ends by itself.
struct Finished {
  int exit_code = 0;
  std::string output;
  std::string errors;
};
Finished RunToTheEnd(std::vector<std::string> arguments) {
  Process process(std::move(arguments));
  const int exit_code = process.Wait();
  return {exit_code, process.Output(), process.Errors()};
}

class ProcessTest : public ::testing::Test {
 protected:
  std::string DataDir(const std::string& name = "data") {
    return "--data_dir=" + (dir_ / name).string();
  }
  // host:port of a "ready" line.
  static std::string AddressIn(const std::string& ready) {
    const std::size_t from = ready.find("://") + 3;
    return ready.substr(from, ready.find(' ', from) - from);
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

}  // namespace
}  // namespace gneiss::server
