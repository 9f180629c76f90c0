// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <unordered_set>

#include "protocol/base/ids.h"
#include "protocol/records/control_record.h"
#include "protocol/records/record_batch.h"

namespace gneiss::engine {

// TransactionScan goes over a log from its start, batch by batch, and tells which markers nobody
// needs any more: those of transactions of which no batch is left. The marker of a transaction that
// began below the log start counts so too. Pure. Threads: one at a time.
class TransactionScan {
 public:
  // The next batch; `type` is that of a control batch, nothing for one that was emptied.
  // True: a marker that is spent. The delete horizon still has to pass before it may go.
  bool Pass(const records::BatchHeader& batch, std::optional<records::ControlType> type);

 private:
  std::unordered_set<ProducerId> with_data_;  // producers whose open transaction has a batch
};

}  // namespace gneiss::engine
