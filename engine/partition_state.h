// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "engine/database.h"
#include "engine/format.h"
#include "engine/leader_epochs.h"
#include "engine/producer_state.h"
#include "engine/transaction_index.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"

namespace gneiss::engine {

// What a partition knows besides its batches: the facts of the state family, as they will be when
// all that is enqueued is written. Pure but for Load. Threads: one at a time.
struct PartitionState {
  Offset log_start;
  Offset next_offset;  // the one that the next append gets
  ProducerState producers;
  TransactionIndex transactions;
  LeaderEpochs epochs;
  bool bound = false;  // the family's binding is on disk
};

// Reads a partition back: its facts, and its end from the last key of its family. No scan. A log
// that ends before its checkpoint is reported, and goes on behind the checkpoint: no offset that
// was given once is given again.
Result<PartitionState> LoadPartitionState(const Family& state, const Family* family,
                                          const format::PartitionRef& ref);

}  // namespace gneiss::engine
