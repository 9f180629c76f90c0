// SPDX-License-Identifier: Apache-2.0
#include "server/net/memory_budget.h"

namespace gneiss::server {

bool MemoryBudget::TryReserve(std::size_t bytes) {
  std::size_t used = used_.load(std::memory_order_relaxed);
  do {
    if (bytes > limit_ || used > limit_ - bytes) return false;
  } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return true;
}

bool Reservation::TryGrowTo(std::size_t bytes) {
  if (bytes <= bytes_) return true;
  if (!budget_->TryReserve(bytes - bytes_)) return false;
  bytes_ = bytes;
  return true;
}

}  // namespace gneiss::server
