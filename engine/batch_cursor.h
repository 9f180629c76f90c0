// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "engine/database.h"
#include "engine/partition_log.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/base/shared_bytes.h"

namespace gneiss::engine {

// Whether what a cursor has passed stays in memory.
enum class Pinning {
  kKeep,  // Share() may be used
  kPass,  // for scans, which would hold everything they have seen
};

// BatchCursor walks the batches of one family, and keeps every batch that it has shown where it is:
// in a memtable, or in the mapping of a file. What Share() returned stays valid until the last of
// them goes, though the family be flushed, compacted or dropped meanwhile; files and memtables are
// not given back until then.
// Threads: one at a time; the slices any.
class BatchCursor : public std::enable_shared_from_this<BatchCursor> {
 public:
  // A view of the family as it is now.
  static std::shared_ptr<BatchCursor> Open(std::shared_ptr<const Family> family, ReadTier tier,
                                           Pinning pinning);

  // Moves to the first batch whose last offset is at least `offset`. Fails like Load.
  Status Seek(Offset offset);
  Status Next();

  // False behind the last batch.
  bool valid() const { return iterator_->Valid(); }

  // REQUIRES: valid().
  Offset base_offset() const { return base_offset_; }
  Offset last_offset() const { return last_offset_; }
  std::span<const std::byte> bytes() const { return bytes_; }
  SharedBytes Share();  // REQUIRES: opened with Pinning::kKeep

 private:
  BatchCursor(std::shared_ptr<const Family> family, std::unique_ptr<rocksdb::Iterator> iterator)
      : family_(std::move(family)), iterator_(std::move(iterator)) {}

  // Checks what is under the iterator: kCorrupt unless key = base offset + last offset delta and
  // the length is that of the batch. The batch's CRC covers neither.
  Status Load();

  std::shared_ptr<const Family> family_;  // outlives the iterator
  std::unique_ptr<rocksdb::Iterator> iterator_;
  Offset base_offset_;
  Offset last_offset_;
  std::span<const std::byte> bytes_;
};

}  // namespace gneiss::engine
