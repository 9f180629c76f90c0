// SPDX-License-Identifier: Apache-2.0
#include "engine/time_lookup.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "engine/batch_cursor.h"
#include "engine/batch_properties.h"
#include "engine/rocks_status.h"
#include "protocol/records/record_batch.h"
#include "protocol/records/record_iterator.h"

namespace gneiss::engine {
namespace {

using records::RecordBatchView;

Result<std::vector<BatchProperties>> PropertiesOf(const Family& family) {
  rocksdb::TablePropertiesCollection tables;
  GNEISS_RETURN_IF_ERROR(FromRocks(family.db().GetPropertiesOfAllTables(family.handle(), &tables),
                                   "read the file properties of " + family.name()));
  std::vector<BatchProperties> files;
  for (const auto& [name, table] : tables) {
    if (const auto batches = ReadBatchProperties(*table)) files.push_back(*batches);
  }
  std::ranges::sort(files, {}, &BatchProperties::min_offset);
  return files;
}

// Where a scan that has come to `offset` goes on: behind the files in `skipped` that hold it.
// REQUIRES: `skipped` is sorted by min_offset; the files of a log do not overlap.
Offset SkipFiles(const std::vector<BatchProperties>& skipped, Offset offset) {
  auto file = std::ranges::upper_bound(skipped, offset, {}, &BatchProperties::min_offset);
  if (file == skipped.begin()) return offset;
  for (--file; file != skipped.end() && file->min_offset <= offset; ++file) {
    offset = std::max(offset, file->max_offset + 1);
  }
  return offset;
}

// Calls `visit(view)` for each batch with offsets in [from, to) outside the skipped files, until it
// returns false.
template <class Visit>
Status ScanBatches(std::shared_ptr<const Family> family,
                   const std::vector<BatchProperties>& skipped, Offset from, Offset to,
                   Visit visit) {
  const auto cursor = BatchCursor::Open(std::move(family), ReadTier::kAll, Pinning::kPass);
  GNEISS_RETURN_IF_ERROR(cursor->Seek(SkipFiles(skipped, from)));
  while (cursor->valid() && cursor->base_offset() < to) {
    GNEISS_ASSIGN_OR_RETURN(const RecordBatchView batch, RecordBatchView::Parse(cursor->bytes()));
    GNEISS_ASSIGN_OR_RETURN(const bool more, visit(batch));
    if (!more) return {};
    const Offset next = cursor->last_offset() + 1;
    const Offset target = SkipFiles(skipped, next);
    GNEISS_RETURN_IF_ERROR(target == next ? cursor->Next() : cursor->Seek(target));
  }
  return {};
}

// The first record of `batch` in [from, to) with a timestamp of at least `target`.
Result<std::optional<TimestampOffset>> FindInBatch(const RecordBatchView& batch, TimestampMs target,
                                                   Offset from, Offset to) {
  GNEISS_ASSIGN_OR_RETURN(auto records, records::RecordIterator::Open(batch));
  while (true) {
    GNEISS_ASSIGN_OR_RETURN(const auto record, records.Next());
    if (!record || record->offset >= to) return std::nullopt;
    if (record->offset < from || record->timestamp < target) continue;
    return TimestampOffset{.timestamp = record->timestamp,
                           .offset = record->offset,
                           .leader_epoch = batch.header().leader_epoch};
  }
}

// The greatest timestamp of the records of `batch` in [from, to).
Result<TimestampMs> GreatestInBatch(const RecordBatchView& batch, Offset from, Offset to) {
  const records::BatchHeader& header = batch.header();
  if (header.base_offset >= from && header.last_offset() < to) return header.max_timestamp;
  GNEISS_ASSIGN_OR_RETURN(auto records, records::RecordIterator::Open(batch));
  TimestampMs greatest = kNoTimestamp;
  while (true) {
    GNEISS_ASSIGN_OR_RETURN(const auto record, records.Next());
    if (!record || record->offset >= to) return greatest;
    if (record->offset >= from) greatest = std::max(greatest, record->timestamp);
  }
}

}  // namespace

Result<std::optional<TimestampOffset>> FindFirstAtOrAfter(std::shared_ptr<const Family> family,
                                                          TimestampMs target, Offset from,
                                                          Offset to) {
  GNEISS_ASSIGN_OR_RETURN(std::vector<BatchProperties> skipped, PropertiesOf(*family));
  std::erase_if(skipped, [&](const auto& file) { return file.max_timestamp >= target; });
  std::optional<TimestampOffset> found;
  GNEISS_RETURN_IF_ERROR(ScanBatches(
      std::move(family), skipped, from, to, [&](const RecordBatchView& batch) -> Result<bool> {
        if (batch.header().max_timestamp < target) return true;
        GNEISS_ASSIGN_OR_RETURN(found, FindInBatch(batch, target, from, to));
        return !found.has_value();
      }));
  return found;
}

Result<std::optional<TimestampOffset>> FindGreatest(std::shared_ptr<const Family> family,
                                                    Offset from, Offset to) {
  // Files wholly inside need no scan; one at either border may owe its maximum to hidden records.
  GNEISS_ASSIGN_OR_RETURN(std::vector<BatchProperties> inside, PropertiesOf(*family));
  std::erase_if(inside,
                [&](const auto& file) { return file.min_offset < from || file.max_offset >= to; });
  TimestampMs greatest = kNoTimestamp;
  for (const BatchProperties& file : inside) greatest = std::max(greatest, file.max_timestamp);
  GNEISS_RETURN_IF_ERROR(
      ScanBatches(family, inside, from, to, [&](const RecordBatchView& batch) -> Result<bool> {
        if (batch.header().max_timestamp <= greatest) return true;
        GNEISS_ASSIGN_OR_RETURN(const TimestampMs in_batch, GreatestInBatch(batch, from, to));
        greatest = std::max(greatest, in_batch);
        return true;
      }));
  if (greatest == kNoTimestamp) return std::nullopt;
  return FindFirstAtOrAfter(std::move(family), greatest, from, to);
}

}  // namespace gneiss::engine
