// SPDX-License-Identifier: Apache-2.0
#include "engine/repair/table_scan.h"

#include <rocksdb/sst_file_reader.h>

#include <algorithm>
#include <memory>
#include <string>

#include "engine/format.h"
#include "engine/rocks_status.h"

namespace gneiss::engine {
namespace {

using EntryFunction = std::function<void(std::string_view, std::string_view)>;

std::unique_ptr<rocksdb::Iterator> NewIterator(rocksdb::SstFileReader& reader) {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  return std::unique_ptr<rocksdb::Iterator>(reader.NewIterator(options));
}

// Whether something can be read at `offset` or behind it.
bool IsReadableFrom(rocksdb::SstFileReader& reader, Offset offset) {
  const auto it = NewIterator(reader);
  const format::BatchKey key = format::EncodeBatchKey(offset);
  it->Seek(rocksdb::Slice(key.data(), key.size()));
  return it->Valid();
}

// The first offset behind the damage at `from`, below `end`: doubling steps, then halving.
std::optional<Offset> NextReadable(rocksdb::SstFileReader& reader, Offset from, Offset end) {
  std::int64_t step = 1;
  while (from + step < end && !IsReadableFrom(reader, from + step)) step *= 2;
  std::int64_t bad = step / 2;
  std::int64_t good = std::min(step, end - from);
  if (!IsReadableFrom(reader, from + good)) return std::nullopt;
  while (bad + 1 < good) {
    const std::int64_t middle = bad + (good - bad) / 2;
    (IsReadableFrom(reader, from + middle) ? good : bad) = middle;
  }
  return from + good;
}

// From the iterator's place to the first damage. The last key that was read.
std::string ReadOn(rocksdb::Iterator& it, const EntryFunction& entry) {
  std::string last;
  for (; it.Valid(); it.Next()) {
    last = it.key().ToString();
    entry(ToText(it.key()), ToText(it.value()));
  }
  return last;
}

void SalvageOffsets(rocksdb::SstFileReader& reader, const BatchProperties& batches,
                    const EntryFunction& entry) {
  Offset at = batches.min_offset;
  while (at <= batches.max_offset) {
    const auto it = NewIterator(reader);
    const format::BatchKey key = format::EncodeBatchKey(at);
    it->Seek(rocksdb::Slice(key.data(), key.size()));
    const Result<Offset> last = format::DecodeBatchKey(ReadOn(*it, entry));
    if (it->status().ok()) return;
    if (last) at = *last + 1;
    const auto next = NextReadable(reader, at, batches.max_offset);
    if (!next) return;
    at = *next;
  }
}

void SalvageEnds(rocksdb::SstFileReader& reader, const EntryFunction& entry) {
  const auto it = NewIterator(reader);
  it->SeekToFirst();
  ReadOn(*it, entry);
  if (it->status().ok()) return;
  const auto back = NewIterator(reader);
  for (back->SeekToLast(); back->Valid(); back->Prev()) {
    entry(ToText(back->key()), ToText(back->value()));
  }
}

// As RocksDB names it, without the leading zeros.
std::string NumberOf(const std::filesystem::path& file) {
  const std::string name = file.stem();
  return name.substr(std::min(name.find_first_not_of('0'), name.size()));
}

}  // namespace

TableScan CheckTable(const std::filesystem::path& file, const rocksdb::Options& options) {
  TableScan scan;
  rocksdb::SstFileReader reader(options);
  rocksdb::Status status = reader.Open(file);
  if (status.ok()) {
    const auto properties = reader.GetTableProperties();
    scan.family = properties->column_family_name;
    scan.imported = properties->orig_file_number != 0 &&
                    std::to_string(properties->orig_file_number) != NumberOf(file);
    scan.batches = ReadBatchProperties(*properties);
    status = reader.VerifyChecksum();
  }
  if (status.ok()) {
    const auto it = NewIterator(reader);
    for (it->SeekToFirst(); it->Valid();) it->Next();
    status = it->status();
  }
  if (!status.ok()) scan.damage = status.ToString();
  return scan;
}

void SalvageTable(const std::filesystem::path& file, const rocksdb::Options& options,
                  const EntryFunction& entry) {
  rocksdb::SstFileReader reader(options);
  if (!reader.Open(file).ok()) return;
  const auto batches = ReadBatchProperties(*reader.GetTableProperties());
  if (batches) {
    SalvageOffsets(reader, *batches, entry);
  } else {
    SalvageEnds(reader, entry);
  }
}

}  // namespace gneiss::engine
