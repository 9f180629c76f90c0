// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/options.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "engine/batch_properties.h"

namespace gneiss::engine {

// What one SST file turned out to hold.
struct TableScan {
  std::string damage;  // what is wrong with it; empty: all blocks are right
  // The family it was written for; empty: cannot be told. That of a clone's file is its source.
  std::string family;
  bool imported = false;  // by a clone: it has not the name that it was written under
  std::optional<BatchProperties> batches;
};

// Reads a whole SST file and checks every block.
TableScan CheckTable(const std::filesystem::path& file, const rocksdb::Options& options);

// Calls `entry` for whatever can be read of a damaged file: what lies before and behind damaged
// blocks, and between them where the keys are offsets.
void SalvageTable(const std::filesystem::path& file, const rocksdb::Options& options,
                  const std::function<void(std::string_view key, std::string_view value)>& entry);

}  // namespace gneiss::engine
