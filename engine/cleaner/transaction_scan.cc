// SPDX-License-Identifier: Apache-2.0
#include "engine/cleaner/transaction_scan.h"

namespace gneiss::engine {

bool TransactionScan::Pass(const records::BatchHeader& batch,
                           std::optional<records::ControlType> type) {
  if (!batch.is_control()) {
    if (batch.is_transactional()) with_data_.insert(batch.producer_id);
    return false;
  }
  if (!type) return true;
  if (*type != records::ControlType::kAbort && *type != records::ControlType::kCommit) return false;
  return with_data_.erase(batch.producer_id) == 0;
}

}  // namespace gneiss::engine
