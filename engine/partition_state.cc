// SPDX-License-Identifier: Apache-2.0
#include "engine/partition_state.h"

#include <glog/logging.h>

#include <algorithm>
#include <memory>
#include <string>

#include "engine/rocks_status.h"

namespace gneiss::engine {
namespace {

using format::FactKind;

struct Loading {
  PartitionState state;
  std::optional<format::Checkpoint> checkpoint;
};

Status RestoreProducer(PartitionState& state, std::string_view key_rest, std::string_view value) {
  GNEISS_ASSIGN_OR_RETURN(const ProducerId id, format::DecodeProducerKey(key_rest));
  GNEISS_ASSIGN_OR_RETURN(format::ProducerFact fact, format::DecodeProducer(value));
  if (fact.txn_first_offset != kNoOffset) state.transactions.Open(fact.txn_first_offset);
  state.producers.Restore(id, std::move(fact));
  return {};
}

Status TakeFact(Loading& loading, std::string_view key_text, std::string_view value) {
  GNEISS_ASSIGN_OR_RETURN(const format::FactKey key, format::DecodeFactKey(key_text));
  switch (key.kind) {
    case FactKind::kLogStart: {
      GNEISS_ASSIGN_OR_RETURN(loading.state.log_start, format::DecodeLogStart(value));
      return {};
    }
    case FactKind::kCheckpoint: {
      GNEISS_ASSIGN_OR_RETURN(loading.checkpoint, format::DecodeCheckpoint(value));
      return {};
    }
    case FactKind::kLeaderEpoch: {
      GNEISS_ASSIGN_OR_RETURN(const format::EpochStart start,
                              format::DecodeEpochStart(key.rest, value));
      loading.state.epochs.Restore(start);
      return {};
    }
    case FactKind::kProducer:
      return RestoreProducer(loading.state, key.rest, value);
    case FactKind::kAbortedTransaction: {
      GNEISS_ASSIGN_OR_RETURN(const format::AbortedTxn txn,
                              format::DecodeAbortedTxn(key.rest, value));
      loading.state.transactions.RestoreAborted(txn);
      return {};
    }
  }
  return Fail(Errc::kUnsupportedVersion, "fact kind " + std::to_string(static_cast<int>(key.kind)));
}

Status LoadFacts(Loading& loading, const Family& state, const format::PartitionRef& ref) {
  const std::string prefix = format::PartitionPrefix(ref);
  const std::unique_ptr<rocksdb::Iterator> it(
      state.db().NewIterator(rocksdb::ReadOptions(), state.handle()));
  for (it->Seek(prefix); it->Valid() && it->key().starts_with(prefix); it->Next()) {
    GNEISS_RETURN_IF_ERROR(TakeFact(loading, ToText(it->key()), ToText(it->value())));
  }
  return FromRocks(it->status(), "read the facts of a partition");
}

// The offset behind the last batch; 0 without any.
Result<Offset> EndOfFamily(const Family& family, const rocksdb::ReadOptions& options) {
  const std::unique_ptr<rocksdb::Iterator> it(family.db().NewIterator(options, family.handle()));
  it->SeekToLast();
  GNEISS_RETURN_IF_ERROR(FromRocks(it->status(), "find the end of " + family.name()));
  if (!it->Valid()) return Offset(0);
  GNEISS_ASSIGN_OR_RETURN(const Offset last, format::DecodeBatchKey(ToText(it->key())));
  return last + 1;
}

// The same, without the checksum of the last block if the end is where a clean shutdown left it: a
// damaged key would not agree with that. A block is a whole batch, and often 1 MB; reading one of
// each of a hundred partitions took half of a start and kept 100 MB resident.
Result<Offset> EndOfFamily(const Family& family,
                           const std::optional<format::Checkpoint>& checkpoint) {
  if (checkpoint) {
    rocksdb::ReadOptions unverified;
    unverified.verify_checksums = false;
    unverified.fill_cache = false;
    const Result<Offset> end = EndOfFamily(family, unverified);
    if (end && *end == checkpoint->log_end) return end;
  }
  return EndOfFamily(family, rocksdb::ReadOptions());
}

Result<bool> IsBound(const Family& state, const Family& family) {
  std::string value;
  const rocksdb::Status status = state.db().Get(rocksdb::ReadOptions(), state.handle(),
                                                format::BindingKey(family.name()), &value);
  if (status.IsNotFound()) return false;
  GNEISS_RETURN_IF_ERROR(FromRocks(status, "read the binding of " + family.name()));
  GNEISS_ASSIGN_OR_RETURN(const format::Binding binding, format::DecodeBinding(value));
  return binding.family_id == family.id();
}

}  // namespace

Result<PartitionState> LoadPartitionState(const Family& state, const Family* family,
                                          const format::PartitionRef& ref) {
  Loading loading;
  PartitionState& loaded = loading.state;
  GNEISS_RETURN_IF_ERROR(LoadFacts(loading, state, ref));
  Offset end{0};
  if (family != nullptr) {
    GNEISS_ASSIGN_OR_RETURN(loaded.bound, IsBound(state, *family));
    GNEISS_ASSIGN_OR_RETURN(end, EndOfFamily(*family, loading.checkpoint));
  }
  loaded.next_offset = std::max(end, loaded.log_start);
  if (loading.checkpoint && loading.checkpoint->log_end > loaded.next_offset) {
    LOG(ERROR) << "records are lost family=" << (family != nullptr ? family->name() : "none")
               << " topic_id=" << ref.topic_id << " partition=" << ref.partition
               << " ends_at=" << loaded.next_offset
               << " ended_at_last_shutdown=" << loading.checkpoint->log_end
               << " high_watermark_was=" << loading.checkpoint->high_watermark;
    loaded.next_offset = loading.checkpoint->log_end;
  }
  return loaded;
}

}  // namespace gneiss::engine
