// SPDX-License-Identifier: Apache-2.0
#include "engine/partition_reader.h"

#include <algorithm>
#include <utility>

#include "engine/batch_cursor.h"
#include "engine/batch_properties.h"

namespace gneiss::engine {

Result<ReadView> ReadBatches(std::shared_ptr<const Family> family, Offset from,
                             const ReadLimits& limits) {
  const auto cursor = BatchCursor::Open(std::move(family), limits.tier, Pinning::kKeep);
  GNEISS_RETURN_IF_ERROR(cursor->Seek(from));
  // Memtables hold the newest batches without a gap: where they hold `from` they hold the rest.
  if (limits.tier == ReadTier::kMemory && (!cursor->valid() || cursor->base_offset() > from)) {
    return Fail(Errc::kWouldBlock, "not in memory");
  }
  ReadView view;
  while (cursor->valid() && cursor->base_offset() < limits.upper_bound) {
    const std::size_t size = cursor->bytes().size();
    const bool forced = limits.at_least_one_batch && view.batches.empty();
    if (view.bytes + size > limits.bytes_max && !forced) break;
    view.batches.push_back(cursor->Share());
    view.bytes += size;
    if (view.bytes >= limits.bytes_max) break;  // spares a step that may cost a block
    GNEISS_RETURN_IF_ERROR(cursor->Next());
  }
  return view;
}

std::int64_t CountBytes(std::shared_ptr<const Family> family, Offset from, Offset to,
                        ReadTier tier) {
  std::int64_t bytes = 0;
  const auto cursor = BatchCursor::Open(std::move(family), tier, Pinning::kPass);
  for (Status at = cursor->Seek(from); at && cursor->valid() && cursor->base_offset() < to;
       at = cursor->Next()) {
    bytes += static_cast<std::int64_t>(cursor->bytes().size());
  }
  return bytes;
}

std::int64_t BytesBetween(const std::shared_ptr<const Family>& family, Offset from, Offset to) {
  std::int64_t bytes = 0;
  Offset memory_start = to;  // the memtables' first offset; files count below it only
  // The memtables first: what is flushed meanwhile is then in both, not in neither.
  const auto cursor = BatchCursor::Open(family, ReadTier::kMemory, Pinning::kPass);
  for (Status at = cursor->Seek(from); at && cursor->valid() && cursor->base_offset() < to;
       at = cursor->Next()) {
    memory_start = std::min(memory_start, cursor->base_offset());
    bytes += static_cast<std::int64_t>(cursor->bytes().size());
  }
  rocksdb::TablePropertiesCollection tables;
  if (!family->db().GetPropertiesOfAllTables(family->handle(), &tables).ok()) return bytes;
  for (const auto& [name, table] : tables) {
    const auto batches = ReadBatchProperties(*table);
    if (!batches || batches->max_offset < from || batches->min_offset >= memory_start) continue;
    const bool whole = batches->min_offset >= from && batches->max_offset < memory_start;
    // Not whole: the log start lies in it, or it was merged with what was just in memory.
    bytes += whole ? batches->bytes
                   : CountBytes(family, std::max(from, batches->min_offset),
                                std::min(memory_start, batches->max_offset + 1), ReadTier::kAll);
  }
  return bytes;
}

}  // namespace gneiss::engine
