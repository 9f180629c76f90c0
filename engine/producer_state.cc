// SPDX-License-Identifier: Apache-2.0
#include "engine/producer_state.h"

#include <algorithm>
#include <string>

namespace gneiss::engine {
namespace {

using format::KeptBatch;
using records::BatchHeader;

std::int32_t FirstSequence(const KeptBatch& batch) {
  return records::AdvanceSequence(batch.last_sequence, -batch.offset_delta);
}

std::string Describe(const BatchHeader& batch) {
  return "producer_id=" + std::to_string(batch.producer_id.value()) +
         " epoch=" + std::to_string(batch.producer_epoch) +
         " sequence=" + std::to_string(batch.base_sequence);
}

// A new epoch begins a new count, with nothing kept that could be a duplicate.
void EnterEpoch(ProducerState::Entry& entry, std::int16_t epoch) {
  if (entry.epoch == epoch) return;
  entry.epoch = epoch;
  entry.batches.clear();
}

}  // namespace

Result<std::optional<ProducerState::Duplicate>> ProducerState::Check(
    const BatchHeader& batch) const {
  const Entry* entry = Find(batch.producer_id);
  // Of a producer that is not known any more (or not yet) any first sequence is taken.
  if (entry == nullptr || entry->epoch < 0) return std::nullopt;
  if (batch.producer_epoch < entry->epoch) {
    return Fail(Errc::kFencedProducer,
                Describe(batch) + " current_epoch=" + std::to_string(entry->epoch));
  }
  if (batch.is_control()) return std::nullopt;  // markers carry no sequence
  if (batch.producer_epoch > entry->epoch) {
    if (batch.base_sequence == 0) return std::nullopt;
    return Fail(Errc::kOutOfOrderSequence, Describe(batch) + " a new epoch begins at 0");
  }
  for (const KeptBatch& kept : entry->batches) {
    if (kept.last_sequence == batch.last_sequence() && FirstSequence(kept) == batch.base_sequence) {
      return Duplicate{kept.last_offset - kept.offset_delta, kept.last_offset, kept.timestamp};
    }
  }
  const std::int32_t last =
      entry->batches.empty() ? records::kNoSequence : entry->batches.front().last_sequence;
  const std::int32_t expected =
      last == records::kNoSequence ? 0 : records::AdvanceSequence(last, 1);
  if (batch.base_sequence == expected) return std::nullopt;
  return Fail(Errc::kOutOfOrderSequence, Describe(batch) + " expected=" + std::to_string(expected));
}

const ProducerState::Entry& ProducerState::Append(const BatchHeader& batch, TimestampMs now) {
  Entry& entry = entries_[batch.producer_id];
  EnterEpoch(entry, batch.producer_epoch);
  if (entry.batches.size() == format::kKeptBatches) entry.batches.pop_back();
  entry.batches.insert(entry.batches.begin(), KeptBatch{.last_sequence = batch.last_sequence(),
                                                        .offset_delta = batch.last_offset_delta,
                                                        .last_offset = batch.last_offset(),
                                                        .timestamp = batch.max_timestamp});
  if (batch.is_transactional() && entry.txn_first_offset == kNoOffset) {
    entry.txn_first_offset = batch.base_offset;
  }
  entry.last_timestamp = batch.max_timestamp;
  entry.last_update = now;
  return entry;
}

const ProducerState::Entry& ProducerState::EndTransaction(const BatchHeader& marker,
                                                          std::int32_t coordinator_epoch,
                                                          TimestampMs now) {
  Entry& entry = entries_[marker.producer_id];
  EnterEpoch(entry, marker.producer_epoch);
  entry.coordinator_epoch = coordinator_epoch;
  entry.txn_first_offset = kNoOffset;
  entry.last_timestamp = marker.max_timestamp;
  entry.last_update = now;
  return entry;
}

std::vector<ProducerId> ProducerState::ForgetIdleSince(TimestampMs deadline) {
  std::vector<ProducerId> forgotten;
  for (auto at = entries_.begin(); at != entries_.end();) {
    const Entry& entry = at->second;
    if (entry.last_update <= deadline && entry.txn_first_offset == kNoOffset) {
      forgotten.push_back(at->first);
      at = entries_.erase(at);
    } else {
      ++at;
    }
  }
  return forgotten;
}

const ProducerState::Entry* ProducerState::Find(ProducerId id) const {
  const auto at = entries_.find(id);
  return at == entries_.end() ? nullptr : &at->second;
}

}  // namespace gneiss::engine
