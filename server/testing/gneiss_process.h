// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csignal>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

// GNEISS_BINARY is the program's path; the test's CMake target defines it.
namespace gneiss::server::testing {

inline constexpr int kPatienceMs = 30'000;
inline constexpr char kAnyPort[] = "--listeners=PLAINTEXT://127.0.0.1:0";

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
inline Finished RunToTheEnd(std::vector<std::string> arguments) {
  Process process(std::move(arguments));
  const int exit_code = process.Wait();
  return {exit_code, process.Output(), process.Errors()};
}

// host:port of the first listener in a "ready" line.
inline std::string AddressIn(const std::string& ready) {
  const std::size_t from = ready.find("://") + 3;
  return ready.substr(from, ready.find(' ', from) - from);
}

}  // namespace gneiss::server::testing
