// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "engine/format.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/records/record_batch.h"

namespace gneiss::engine {

// ProducerState is what one partition knows of the producers that wrote to it with a producer id:
// their epochs and their last batches, by which retries are recognised and gaps are refused
// (KIP-98). Pure: no clock, no storage. Threads: one at a time.
class ProducerState {
 public:
  using Entry = format::ProducerFact;

  // The offsets that an earlier append of the same batch was given.
  struct Duplicate {
    Offset base_offset;
    Offset last_offset;
    TimestampMs timestamp = kNoTimestamp;
  };

  // Judges a batch that has a producer id. Nothing: it may be appended. Errors: kFencedProducer
  // for an epoch that is over, kOutOfOrderSequence for a sequence that does not follow.
  Result<std::optional<Duplicate>> Check(const records::BatchHeader& batch) const;

  // Takes a data batch that Check let pass and that has its offsets now.
  const Entry& Append(const records::BatchHeader& batch, TimestampMs now);

  // Takes a transaction marker that Check let pass. The entry's open transaction is over; in
  // transactions of version 2 the marker's epoch is the one after the producer's.
  const Entry& EndTransaction(const records::BatchHeader& marker, std::int32_t coordinator_epoch,
                              TimestampMs now);

  // As read from the state family.
  void Restore(ProducerId id, Entry entry) { entries_[id] = std::move(entry); }

  // Forgets the producers that have not written since `deadline` and have no open transaction;
  // returns their ids.
  std::vector<ProducerId> ForgetIdleSince(TimestampMs deadline);

  const Entry* Find(ProducerId id) const;
  const std::unordered_map<ProducerId, Entry>& entries() const { return entries_; }

 private:
  std::unordered_map<ProducerId, Entry> entries_;
};

}  // namespace gneiss::engine
