// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/options.h>

#include <cstddef>

namespace gneiss::engine {

// The budgets of one store: its share of what there is for all.
struct StoreBudget {
  std::size_t memtable_bytes = std::size_t{64} << 20;
  std::size_t wal_bytes = std::size_t{200} << 20;
  std::size_t family_buffer_bytes = std::size_t{16} << 20;  // one partition's memtable
  int open_files_max = 2000;
  int background_threads = 2;
};

// How RocksDB is set up; every choice has its reason beside it in the .cc. The caller adds env,
// logger and listeners.
// A WAL of this size makes RocksDB flush what is oldest. What it holds is in memtables, too, so it
// bounds both.
std::size_t WalBytesMax(const StoreBudget& budget);
rocksdb::DBOptions StoreDbOptions(const StoreBudget& budget);
rocksdb::ColumnFamilyOptions PartitionFamilyOptions(const StoreBudget& budget);
rocksdb::ColumnFamilyOptions StateFamilyOptions();
rocksdb::Options MetadataOptions();

}  // namespace gneiss::engine
