// SPDX-License-Identifier: Apache-2.0
#include "server/producer_id_allocator.h"

#include <cstdint>
#include <utility>

#include "server/metadata/controller.h"
#include "server/net/await_callback.h"

namespace gneiss::server {

boost::asio::awaitable<Result<ProducerId>> ProducerIdAllocator::Next() {
  ProducerId id = kNoProducerId;
  while (true) {
    const Turn turn = TakeTurn(id);
    if (turn == Turn::kServed) co_return id;
    if (turn == Turn::kFetches) {
      Result<std::int64_t> first = co_await controller_.AllocateProducerIds();
      co_return EndFetch(std::move(first));
    }
    auto start = [this](auto done) { AddWaiter(std::move(done)); };
    const Status fetched = co_await AwaitCallback<Status>(std::move(start));
    GNEISS_CO_RETURN_IF_ERROR(fetched);
    // Others may have emptied the new block first: then it is this caller's turn to fetch.
  }
}

ProducerIdAllocator::Turn ProducerIdAllocator::TakeTurn(ProducerId& id) {
  const MutexLock lock(mutex_);
  if (next_ < end_) {
    id = ProducerId(next_++);
    return Turn::kServed;
  }
  if (fetching_) return Turn::kWaits;
  fetching_ = true;
  return Turn::kFetches;
}

void ProducerIdAllocator::AddWaiter(Waiter waiter) {
  {
    const MutexLock lock(mutex_);
    if (fetching_) {
      waiters_.push_back(std::move(waiter));
      return;
    }
  }
  waiter(Status());  // the fetch ended after TakeTurn: try again
}

Result<ProducerId> ProducerIdAllocator::EndFetch(Result<std::int64_t> first) {
  std::vector<Waiter> waiters;
  Result<ProducerId> mine = kNoProducerId;
  Status outcome;
  {
    const MutexLock lock(mutex_);
    fetching_ = false;
    waiters.swap(waiters_);
    if (first) {
      next_ = *first;
      end_ = *first + kProducerIdBlockLength;
      mine = ProducerId(next_++);
    } else {
      mine = std::unexpected(first.error());
      outcome = std::unexpected(first.error());
    }
  }
  for (Waiter& waiter : waiters) waiter(outcome);  // without the lock: each posts to its loop
  return mine;
}

}  // namespace gneiss::server
