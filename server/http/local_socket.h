// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "protocol/base/result.h"

namespace gneiss::server {

// The broker's Unix socket, by which `gneiss` commands on the same machine find it without a
// config. Only its owner may connect.
inline constexpr char kControlSocket[] = "control.sock";

// LocalSocketPath names a socket in a directory in at most 107 bytes, as the kernel demands,
// however long the directory's own name is: by way of a descriptor of the directory. The name
// serves as long as the object lives, in this process. Threads: any.
class LocalSocketPath {
 public:
  static Result<std::unique_ptr<LocalSocketPath>> Open(const std::filesystem::path& directory);
  ~LocalSocketPath();
  LocalSocketPath(const LocalSocketPath&) = delete;
  LocalSocketPath& operator=(const LocalSocketPath&) = delete;

  const std::string& name() const { return name_; }

 private:
  explicit LocalSocketPath(int directory);

  const int directory_;
  const std::string name_;
};

}  // namespace gneiss::server
