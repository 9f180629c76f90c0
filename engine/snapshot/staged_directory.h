// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>

#include "engine/snapshot/file_transfer.h"
#include "protocol/base/result.h"

namespace gneiss::engine {

// StagedDirectory is a directory that comes into being whole: it is filled as DIR.partial and
// renamed at the end, so what an interruption leaves is never mistaken for it. Without Finish it is
// removed again. Threads: one at a time.
class StagedDirectory {
 public:
  // Refuses a `target` that exists and is not empty. What an earlier interrupted attempt left is
  // removed; a DIR.partial that is no such thing is refused.
  static Result<std::unique_ptr<StagedDirectory>> Create(const std::filesystem::path& target,
                                                         FileTransfer& transfer);
  ~StagedDirectory();
  StagedDirectory(const StagedDirectory&) = delete;
  StagedDirectory& operator=(const StagedDirectory&) = delete;

  const std::filesystem::path& path() const { return staging_; }
  Status Finish();

 private:
  StagedDirectory(std::filesystem::path target, std::filesystem::path staging,
                  FileTransfer& transfer)
      : target_(std::move(target)), staging_(std::move(staging)), transfer_(transfer) {}

  const std::filesystem::path target_;
  const std::filesystem::path staging_;
  FileTransfer& transfer_;
  bool finished_ = false;
};

}  // namespace gneiss::engine
