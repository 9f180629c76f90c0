// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "protocol/base/result.h"

namespace gneiss::engine {

// How much of a transfer cost nothing, and how much did.
struct TransferCounts {
  std::uint64_t linked_files = 0;
  std::uint64_t linked_bytes = 0;
  std::uint64_t copied_files = 0;
  std::uint64_t copied_bytes = 0;
};

// FileTransfer brings files to another directory: by hard link where the file system lets it, else
// by copying. Durable ones are fsynced; their directories are the caller's to sync.
// Threads: one at a time.
class FileTransfer {
 public:
  enum class Durability { kSynced, kNone };

  explicit FileTransfer(Durability durability) : durability_(durability) {}

  // For files that nobody changes any more, such as SSTs, which are fsynced already.
  Status Link(const std::filesystem::path& from, const std::filesystem::path& to);
  // The same for files that may not be fsynced yet.
  Status LinkAndSync(const std::filesystem::path& from, const std::filesystem::path& to);

  // The first `size` bytes, or all of them; it is an error when there are fewer.
  Status Copy(const std::filesystem::path& from, const std::filesystem::path& to,
              std::uint64_t size);
  Status Copy(const std::filesystem::path& from, const std::filesystem::path& to);

  Status Write(const std::filesystem::path& to, std::string_view text);

  Status SyncDirectory(const std::filesystem::path& directory);

  const TransferCounts& counts() const { return counts_; }

 private:
  const Durability durability_;
  TransferCounts counts_;
};

}  // namespace gneiss::engine
