// SPDX-License-Identifier: Apache-2.0
#include "server/http/local_socket.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace gneiss::server {

LocalSocketPath::LocalSocketPath(int directory)
    : directory_(directory),
      name_("/proc/self/fd/" + std::to_string(directory) + "/" + kControlSocket) {}

LocalSocketPath::~LocalSocketPath() { ::close(directory_); }

Result<std::unique_ptr<LocalSocketPath>> LocalSocketPath::Open(
    const std::filesystem::path& directory) {
  const int opened = ::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0) {
    return Fail(Errc::kNotFound,
                directory.string() + ": " + std::generic_category().message(errno));
  }
  return std::unique_ptr<LocalSocketPath>(new LocalSocketPath(opened));
}

}  // namespace gneiss::server
