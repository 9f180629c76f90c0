// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/base/result.h"

namespace gneiss::engine {

// A stretch of a WAL file that cannot be read.
struct WalDamage {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

// Reads one WAL file of RocksDB past its damage: calls `record` for each whole record whose
// checksum is right, in order, and goes on at the next block (32 KB) behind each that is not. A
// record that the file ends in the middle of is what a crash leaves, not damage. Errors: kStorage
// when the file cannot be read at all, and whatever `record` returns.
Result<std::vector<WalDamage>> ScanWal(const std::filesystem::path& file,
                                       const std::function<Status(std::string_view)>& record);

}  // namespace gneiss::engine
