// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/options.h>

#include <cstddef>

namespace gneiss::engine {

// The budgets of one store.
struct StoreBudget {
  std::size_t memtable_bytes = std::size_t{64} << 20;
  std::size_t wal_bytes = std::size_t{200} << 20;
  int open_files_max = 2000;
  int background_threads = 2;
};

// How RocksDB is set up; every choice has its reason beside it in the .cc. The caller adds env,
// logger and listeners.
rocksdb::DBOptions StoreDbOptions(const StoreBudget& budget);
rocksdb::ColumnFamilyOptions PartitionFamilyOptions(const StoreBudget& budget);
rocksdb::ColumnFamilyOptions StateFamilyOptions();
rocksdb::Options MetadataOptions();

}  // namespace gneiss::engine
