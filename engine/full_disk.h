// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/db.h>

#include <cstdint>

namespace gneiss::engine {

// How a database goes on after it found its disk full.
//
// RocksDB flushes what it has in memory and begins a new WAL, so that the damaged end of the old
// one does not matter. But with all memtables empty it begins none: it goes on behind the damage,
// where the assertions of the package end the process. So while a disk may turn out full, something
// is kept in a memtable: the deletion of a key that nobody uses, without a place in the WAL.
// Threads: the one that writes.
class FullDiskRecovery {
 public:
  // `family` is one of `db`; both outlive this.
  FullDiskRecovery(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* family)
      : db_(db), family_(family) {}

  // Before a write that may find the disk full.
  void BeforeWrite();

  // OK: writing is possible again. NoSpace: not yet. Anything else: not before the database is
  // opened again.
  rocksdb::Status Resume();

 private:
  std::uint64_t CurrentWal() const;

  rocksdb::DB& db_;
  rocksdb::ColumnFamilyHandle* const family_;
};

}  // namespace gneiss::engine
