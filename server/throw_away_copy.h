// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "protocol/base/result.h"

namespace gneiss::server {

// ThrowAwayCopy is a copy of a snapshot, or of the data directory of a stopped broker, for a broker
// that may do with it what it likes: SSTs are hard links, everything else is copied, and the
// original never changes. Gone with the object; a killed process leaves it behind.
// Threads: the owner's.
class ThrowAwayCopy {
 public:
  // Below `scratch_dir`; without one beside the original or, if that is not writable, in the
  // system's temporary directory. On another volume than the original files are copied, and the log
  // says so. Errors are sentences for an operator.
  static Result<std::unique_ptr<ThrowAwayCopy>> Make(const std::string& from,
                                                     const std::string& scratch_dir);
  ~ThrowAwayCopy();
  ThrowAwayCopy(const ThrowAwayCopy&) = delete;
  ThrowAwayCopy& operator=(const ThrowAwayCopy&) = delete;

  std::filesystem::path data_dir() const { return root_ / "data"; }

 private:
  explicit ThrowAwayCopy(std::filesystem::path root) : root_(std::move(root)) {}

  const std::filesystem::path root_;
};

}  // namespace gneiss::server
