// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/db.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/snapshot/file_transfer.h"
#include "engine/snapshot/options_text.h"
#include "protocol/base/result.h"

namespace gneiss::engine {

// DatabaseCut is the files of one open RocksDB as they are at one moment. As long as it lives none
// of them is deleted. Threads: one at a time; the database must outlive it.
class DatabaseCut {
 public:
  // Holds file deletions off. `kinds`: the families, for the OPTIONS file.
  static Result<std::unique_ptr<DatabaseCut>> Prepare(rocksdb::DB& db,
                                                      const std::vector<FamilyKind>& kinds);
  ~DatabaseCut();
  DatabaseCut(const DatabaseCut&) = delete;
  DatabaseCut& operator=(const DatabaseCut&) = delete;

  // Notes which files there are and how long they are. Milliseconds.
  // REQUIRES: nobody writes to the database meanwhile; flushes and compactions may go on.
  Status Take();

  // Makes `to`, a database of its own, of what Take noted: SSTs and closed WALs by link, the ends
  // of what is still written to by copying.
  Status TransferTo(const std::filesystem::path& to, FileTransfer& transfer) const;

 private:
  DatabaseCut(rocksdb::DB& db, std::string options_text)
      : db_(db), options_text_(std::move(options_text)) {}

  static Status TransferFile(const rocksdb::LiveFileStorageInfo& file,
                             const std::filesystem::path& to, FileTransfer& transfer);

  rocksdb::DB& db_;
  const std::string options_text_;
  std::vector<rocksdb::LiveFileStorageInfo> files_;
};

}  // namespace gneiss::engine
