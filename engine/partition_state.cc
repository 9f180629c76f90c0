// SPDX-License-Identifier: Apache-2.0
#include "engine/partition_state.h"

#include <glog/logging.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "engine/rocks_status.h"
#include "protocol/base/big_endian.h"

namespace gneiss::engine {
namespace {

using format::FactKind;
using format::StateFact;

StateFact Put(std::string key, std::string value) { return {std::move(key), std::move(value)}; }
StateFact Erase(std::string key) { return {std::move(key), std::nullopt}; }

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

StateFacts PartitionState::Append(records::BatchHeader& header,
                                  const std::optional<records::TransactionMarker>& marker,
                                  TimestampMs now) {
  StateFacts facts;
  header.base_offset = next_offset_;
  header.leader_epoch = epochs_.latest();
  next_offset_ = header.next_offset();
  AddEpochFacts(facts);
  if (marker) {
    EndTransaction(header, *marker, now, facts);
  } else if (header.has_producer_id()) {
    AppendOfProducer(header, now, facts);
  }
  return facts;
}

void PartitionState::AppendOfProducer(const records::BatchHeader& header, TimestampMs now,
                                      StateFacts& facts) {
  const ProducerId id = header.producer_id;
  const ProducerState::Entry& entry = producers_.Append(header, now);
  if (entry.txn_first_offset == header.base_offset) transactions_.Open(header.base_offset);
  facts.push_back(Put(format::ProducerKey(ref_, id), format::EncodeProducer(entry)));
}

void PartitionState::EndTransaction(const records::BatchHeader& header,
                                    const records::TransactionMarker& marker, TimestampMs now,
                                    StateFacts& facts) {
  const ProducerId id = header.producer_id;
  const ProducerState::Entry* const before = producers_.Find(id);
  const Offset first_offset = before == nullptr ? kNoOffset : before->txn_first_offset;
  if (first_offset != kNoOffset && marker.type == records::ControlType::kAbort) {
    const format::AbortedTxn aborted = transactions_.Abort(id, first_offset, header.base_offset);
    facts.push_back(Put(format::AbortedTxnKey(ref_, aborted.last_offset, id),
                        format::EncodeAbortedTxn(aborted)));
  } else if (first_offset != kNoOffset) {
    transactions_.Commit(first_offset, header.base_offset);
  }
  const auto& entry = producers_.EndTransaction(header, marker.coordinator_epoch, now);
  facts.push_back(Put(format::ProducerKey(ref_, id), format::EncodeProducer(entry)));
}

StateFacts PartitionState::AdvanceLogStart(const format::LogStart& to) {
  StateFacts facts;
  log_start_ = to;
  facts.push_back(Put(format::LogStartKey(ref_), format::EncodeLogStart(to)));
  epochs_.TruncateBelow(to.offset);
  AddEpochFacts(facts);
  for (const format::AbortedTxn& txn : transactions_.TruncateBelow(to.offset)) {
    facts.push_back(Erase(format::AbortedTxnKey(ref_, txn.last_offset, txn.producer_id)));
  }
  return facts;
}

StateFacts PartitionState::RecordClean(Offset first_dirty,
                                       const std::vector<format::AbortedTxn>& spent) {
  StateFacts facts;
  first_dirty_ = first_dirty;
  facts.push_back(Put(format::FirstDirtyKey(ref_), format::EncodeFirstDirty(first_dirty)));
  transactions_.Forget(spent);
  for (const format::AbortedTxn& txn : spent) {
    facts.push_back(Erase(format::AbortedTxnKey(ref_, txn.last_offset, txn.producer_id)));
  }
  return facts;
}

void PartitionState::ForgetIdleProducers(TimestampMs deadline, StateFacts& facts) {
  for (const ProducerId id : producers_.ForgetIdleSince(deadline)) {
    facts.push_back(Erase(format::ProducerKey(ref_, id)));
  }
}

void PartitionState::AddEpochFacts(StateFacts& facts) {
  const LeaderEpochs::Changes changes = epochs_.TakeChanges();
  for (const LeaderEpoch epoch : changes.erase) {
    facts.push_back(Erase(format::LeaderEpochKey(ref_, epoch)));
  }
  for (const format::EpochStart& start : changes.put) {
    facts.push_back(Put(format::LeaderEpochKey(ref_, start.epoch),
                        format::EncodeEpochStart(start.start_offset)));
  }
}

Status PartitionState::StartAtFirstBatch(const Family& family) {
  const std::unique_ptr<rocksdb::Iterator> it(
      family.db().NewIterator(rocksdb::ReadOptions(), family.handle()));
  const format::BatchKey key = format::EncodeBatchKey(log_start());
  it->Seek({key.data(), key.size()});
  GNEISS_RETURN_IF_ERROR(FromRocks(it->status(), "find the start of " + family.name()));
  if (!it->Valid() || it->value().size() < sizeof(std::int64_t)) return {};
  const Offset first(
      LoadBigEndian<std::int64_t>(reinterpret_cast<const std::byte*>(it->value().data())));
  if (first <= log_start()) return {};
  LOG(ERROR) << "records are missing at the start family=" << family.name()
             << " log_start=" << log_start() << " first_batch=" << first;
  AdvanceLogStart({.offset = first, .reason = LogStartReason::kMissing});
  return {};
}

Result<PartitionState> PartitionState::Load(const Family& state, const Family* family,
                                            const format::PartitionRef& ref, Gaps gaps,
                                            Offset ended_at) {
  PartitionState loaded(ref);
  GNEISS_RETURN_IF_ERROR(loaded.LoadFacts(state));
  Offset end{0};
  if (family != nullptr) {
    GNEISS_ASSIGN_OR_RETURN(loaded.bound_, IsBound(state, *family));
    GNEISS_ASSIGN_OR_RETURN(end, EndOfFamily(*family, loaded.checkpoint_));
    // What a clean shutdown has left needs no look at a block of each partition.
    const bool as_left = loaded.checkpoint_ && loaded.checkpoint_->log_end == end;
    if (gaps == Gaps::kLost && !as_left) {
      GNEISS_RETURN_IF_ERROR(loaded.StartAtFirstBatch(*family));
    }
  }
  loaded.next_offset_ = std::max(end, loaded.log_start());
  loaded.found_end_ = loaded.next_offset_;
  if (loaded.checkpoint_) ended_at = std::max(ended_at, loaded.checkpoint_->log_end);
  if (ended_at > loaded.next_offset_) {
    LOG(ERROR) << "records are lost family=" << (family != nullptr ? family->name() : "none")
               << " topic_id=" << ref.topic_id << " partition=" << ref.partition
               << " first_lost=" << loaded.next_offset_ << " ended_at=" << ended_at
               << " records_min=" << ended_at - loaded.next_offset_;
    loaded.next_offset_ = ended_at;
  }
  return loaded;
}

Status PartitionState::LoadFacts(const Family& state) {
  const std::string prefix = format::PartitionPrefix(ref_);
  const std::unique_ptr<rocksdb::Iterator> it(
      state.db().NewIterator(rocksdb::ReadOptions(), state.handle()));
  for (it->Seek(prefix); it->Valid() && it->key().starts_with(prefix); it->Next()) {
    GNEISS_RETURN_IF_ERROR(TakeFact(ToText(it->key()), ToText(it->value())));
  }
  return FromRocks(it->status(), "read the facts of a partition");
}

Status PartitionState::TakeFact(std::string_view key_text, std::string_view value) {
  GNEISS_ASSIGN_OR_RETURN(const format::FactKey key, format::DecodeFactKey(key_text));
  switch (key.kind) {
    case FactKind::kLogStart: {
      GNEISS_ASSIGN_OR_RETURN(log_start_, format::DecodeLogStart(value));
      return {};
    }
    case FactKind::kCheckpoint: {
      GNEISS_ASSIGN_OR_RETURN(checkpoint_, format::DecodeCheckpoint(value));
      return {};
    }
    case FactKind::kLeaderEpoch: {
      GNEISS_ASSIGN_OR_RETURN(const auto start, format::DecodeEpochStart(key.rest, value));
      epochs_.Restore(start);
      return {};
    }
    case FactKind::kProducer: {
      GNEISS_ASSIGN_OR_RETURN(const ProducerId id, format::DecodeProducerKey(key.rest));
      GNEISS_ASSIGN_OR_RETURN(format::ProducerFact fact, format::DecodeProducer(value));
      if (fact.txn_first_offset != kNoOffset) transactions_.Open(fact.txn_first_offset);
      producers_.Restore(id, std::move(fact));
      return {};
    }
    case FactKind::kAbortedTransaction: {
      GNEISS_ASSIGN_OR_RETURN(const auto txn, format::DecodeAbortedTxn(key.rest, value));
      transactions_.RestoreAborted(txn);
      return {};
    }
    case FactKind::kFirstDirty: {
      GNEISS_ASSIGN_OR_RETURN(first_dirty_, format::DecodeFirstDirty(value));
      return {};
    }
  }
  return Fail(Errc::kUnsupportedVersion, "fact kind " + std::to_string(static_cast<int>(key.kind)));
}

}  // namespace gneiss::engine
