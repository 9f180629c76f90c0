// SPDX-License-Identifier: Apache-2.0
#include "engine/batch_cursor.h"

#include <string>

#include "engine/format.h"
#include "engine/rocks_status.h"
#include "protocol/base/big_endian.h"
#include "protocol/records/record_batch.h"

namespace gneiss::engine {
namespace {

constexpr std::size_t kLengthPosition = 8;
constexpr std::size_t kLastOffsetDeltaPosition = 23;

}  // namespace

std::shared_ptr<BatchCursor> BatchCursor::Open(std::shared_ptr<const Family> family, ReadTier tier,
                                               Pinning pinning) {
  rocksdb::ReadOptions options;
  // A value stays where it is when the iterator moves on; without it wrong bytes were served.
  options.pin_data = pinning == Pinning::kKeep;
  options.fill_cache = false;
  if (tier == ReadTier::kMemory) options.read_tier = rocksdb::kMemtableTier;
  std::unique_ptr<rocksdb::Iterator> iterator(family->db().NewIterator(options, family->handle()));
  return std::shared_ptr<BatchCursor>(new BatchCursor(std::move(family), std::move(iterator)));
}

Status BatchCursor::Seek(Offset offset) {
  const format::BatchKey key = format::EncodeBatchKey(offset);
  iterator_->Seek(rocksdb::Slice(key.data(), key.size()));
  return Load();
}

Status BatchCursor::Next() {
  iterator_->Next();
  return Load();
}

SharedBytes BatchCursor::Share() { return SharedBytes(shared_from_this(), bytes_); }

Status BatchCursor::Load() {
  if (!iterator_->Valid()) {
    return FromRocks(iterator_->status(), "read " + family_->name());
  }
  GNEISS_ASSIGN_OR_RETURN(last_offset_, format::DecodeBatchKey(ToText(iterator_->key())));
  bytes_ = ToBytes(iterator_->value());
  if (bytes_.size() >= records::kHeaderBytes) {
    const auto length = LoadBigEndian<std::int32_t>(bytes_.data() + kLengthPosition);
    const auto delta = LoadBigEndian<std::int32_t>(bytes_.data() + kLastOffsetDeltaPosition);
    base_offset_ = Offset(LoadBigEndian<std::int64_t>(bytes_.data()));
    if (last_offset_ - base_offset_ == delta &&
        static_cast<std::int64_t>(bytes_.size() - records::kBatchOverheadBytes) == length) {
      return {};
    }
  }
  return Fail(Errc::kCorrupt, "batch and key disagree in " + family_->name() +
                                  " last_offset=" + std::to_string(last_offset_.value()));
}

}  // namespace gneiss::engine
