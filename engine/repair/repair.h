// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "protocol/base/ids.h"
#include "protocol/base/result.h"

// Salvage of a store that is damaged: everything that can be read is brought into a new store,
// which then takes the place of the old one.
//
// The old store is only read. The new one is built beside it, from hard links of the SSTs that are
// whole, from what can be read of the others, and from every record of the WAL that can be read;
// RocksDB itself stops at the first damage of a WAL, or does not open at all. The two are exchanged
// in one step, so that a repair that is interrupted leaves either the one or the other, and the
// damaged files stay as store-NN.damaged-TIME.
namespace gneiss::engine {

struct DamagedFile {
  std::string name;
  std::string partition;  // "orders-0"; empty: cannot be told, or several
  std::string damage;
};

// Records that are gone: [from, to) of a partition.
struct LostRange {
  std::string partition;  // the family's name
  Offset from;
  Offset to;
};

struct RepairReport {
  bool damaged = false;  // otherwise nothing was done, and nothing below is set
  std::vector<DamagedFile> files;
  std::vector<LostRange> lost;
  std::vector<std::string> unowned;  // families whose owner is not known; they are kept, offline
  std::uint64_t batches_kept = 0;
  std::filesystem::path damaged_kept_at;  // empty after a dry run
};

struct RepairOptions {
  std::filesystem::path store;  // DATA_DIR/store-NN
  bool dry_run = false;         // everything but the exchange
};

// Checks the store and repairs it if need be. REQUIRES: no broker runs on its data directory, which
// the caller has claimed (DataDirectory). Errors: kNotFound, kStorage (the disk is full, say): the
// store is as it was.
Result<RepairReport> RepairStore(const RepairOptions& options);

// The stores of a data directory, by name.
std::vector<std::filesystem::path> FindStores(const std::filesystem::path& data_dir);

}  // namespace gneiss::engine
