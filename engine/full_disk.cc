// SPDX-License-Identifier: Apache-2.0
#include "engine/full_disk.h"

#include <memory>

namespace gneiss::engine {

void FullDiskRecovery::BeforeWrite() {
  std::uint64_t entries = 0;
  const bool known =
      db_.GetIntProperty(family_, rocksdb::DB::Properties::kNumEntriesActiveMemTable, &entries);
  if (known && entries != 0) return;
  rocksdb::WriteOptions memory_only;
  memory_only.disableWAL = true;
  // If it fails so will the write.
  db_.Delete(memory_only, family_, "").PermitUncheckedError();
}

rocksdb::Status FullDiskRecovery::Resume() {
  const std::uint64_t damaged = CurrentWal();
  if (const rocksdb::Status resumed = db_.Resume(); !resumed.ok()) {
    return rocksdb::Status::NoSpace(resumed.ToString());
  }
  if (CurrentWal() == damaged) return rocksdb::Status::IOError("the WAL has a damaged end");
  BeforeWrite();
  return rocksdb::Status::OK();
}

std::uint64_t FullDiskRecovery::CurrentWal() const {
  std::unique_ptr<rocksdb::LogFile> wal;
  return db_.GetCurrentWalFile(&wal).ok() ? wal->LogNumber() : 0;
}

}  // namespace gneiss::engine
