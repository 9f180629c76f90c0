// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/write_batch.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/database.h"
#include "engine/repair/repair.h"
#include "engine/repair/table_scan.h"
#include "engine/repair/wal_scan.h"
#include "protocol/base/result.h"

namespace gneiss::engine {

// StoreSalvage builds a new store from what can be read of a damaged one. Threads: one at a time.
class StoreSalvage {
 public:
  // `target` is an empty directory on the same file system.
  StoreSalvage(std::filesystem::path source, std::filesystem::path target);

  // Looks for damage: reads every file. True if there is any, or if RocksDB does not open the
  // store.
  Result<bool> Check();

  // REQUIRES: Check found damage.
  Status Build(RepairReport& report);

 private:
  // An operation of the WAL on a family of the damaged store.
  class Replay;
  // Where the WAL's data of a family begins in the partition: everything below lies in files.
  struct Suspects {
    std::vector<std::pair<Offset, Offset>> files;  // of damaged files: [min, max]
    Offset wal_from;
  };

  // Whose file it is. Errors: kCorrupt when that cannot be told.
  Status NoteOwner(const std::filesystem::path& file, TableScan& scan) const;
  Status LinkTables();
  Status OpenTarget();
  Status SalvageTables();
  Status SalvageInto(const std::string& family, const std::filesystem::path& file, bool overwrite);
  Status ReadBindings();
  Status ReplayWals();
  Status WriteBindings();
  Status ReportFamily(const Family& family, RepairReport& report) const;
  Status ReportTail(const Family& family, Offset end, RepairReport& report) const;
  bool IsSuspect(const std::string& family, Offset from, Offset to) const;
  Result<std::shared_ptr<Family>> FamilyOf(std::uint32_t old_id);
  Result<std::shared_ptr<Family>> FamilyNamed(const std::string& name);
  Status Put(const std::string& family, std::string_view key, std::string_view value,
             bool overwrite);
  std::vector<std::filesystem::path> WalFiles() const;
  void NoteBinding(std::string_view key, std::string_view value);

  const std::filesystem::path source_;
  const std::filesystem::path target_;
  const rocksdb::Options table_options_;
  std::map<std::string, std::string> owners_;  // of SSTs by name, as far as MANIFESTs tell
  std::vector<std::filesystem::path> whole_;   // SSTs without damage
  std::filesystem::path newest_state_;         // of those
  std::map<std::filesystem::path, TableScan> imported_;  // by clones, without damage
  std::map<std::filesystem::path, TableScan> damaged_;
  std::map<std::string, std::vector<WalDamage>> wal_damage_;  // by file name
  bool state_damaged_ = false;
  bool unknown_damage_ = false;  // in a file of which nothing can be told

  std::shared_ptr<Database> database_;
  std::map<std::string, std::shared_ptr<Family>> families_;  // of the new store
  std::uint64_t state_flushed_ = 0;  // the sequence number up to which the files hold the state
  std::map<std::uint32_t, std::string> names_;      // of the damaged store's families, by id
  std::map<std::string, std::uint32_t> bound_ids_;  // family -> id of its present binding
  std::set<std::uint32_t> dropped_;                 // ids that were bound once and are no more
  std::map<std::string, Suspects> suspects_;
};

}  // namespace gneiss::engine
