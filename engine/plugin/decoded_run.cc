// SPDX-License-Identifier: Apache-2.0
#include "engine/plugin/decoded_run.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace gneiss::engine {
namespace {

constexpr int kFailed = 1;

// The child: everything that is printed goes into `pipe_end`.
[[noreturn]] void RunTool(int pipe_end, const std::function<int()>& tool) {
  if (::dup2(pipe_end, STDOUT_FILENO) < 0) std::_Exit(kFailed);
  ::close(pipe_end);
  const int code = tool();
  std::fflush(stdout);
  // The databases are closed; what static destructors would do was the parent's to begin with.
  std::_Exit(code);
}

// False when nobody reads any more.
bool Print(const std::string& line) {
  return std::fwrite(line.data(), 1, line.size(), stdout) == line.size() &&
         std::fputc('\n', stdout) != EOF;
}

std::int64_t CopyDecoded(const OutputDecoder& decoder, std::FILE* from) {
  std::int64_t lines = 0;
  char* line = nullptr;
  std::size_t capacity = 0;
  for (ssize_t size = 0; (size = ::getline(&line, &capacity, from)) >= 0; ++lines) {
    std::string_view text(line, static_cast<std::size_t>(size));
    if (text.ends_with('\n')) text.remove_suffix(1);
    if (!Print(decoder.Decode(text))) break;
  }
  std::free(line);
  std::fflush(stdout);
  return lines;
}

}  // namespace

int RunDecoded(const OutputDecoder& decoder, const std::function<int()>& tool,
               std::int64_t* lines) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) {
    std::perror("pipe");
    return kFailed;
  }
  const pid_t child = ::fork();
  if (child < 0) {
    std::perror("fork");
    return kFailed;
  }
  if (child == 0) {
    ::close(ends[0]);
    RunTool(ends[1], tool);
  }
  ::close(ends[1]);
  std::FILE* output = ::fdopen(ends[0], "r");
  if (output != nullptr) {
    const std::int64_t printed = CopyDecoded(decoder, output);
    if (lines != nullptr) *lines = printed;
    std::fclose(output);
  }
  int status = 0;
  if (::waitpid(child, &status, 0) != child) return kFailed;
  return WIFEXITED(status) ? WEXITSTATUS(status) : kFailed;
}

}  // namespace gneiss::engine
