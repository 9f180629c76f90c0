// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "protocol/base/ids.h"
#include "protocol/base/mutex.h"
#include "protocol/base/result.h"

namespace gneiss::server {

class Controller;

// ProducerIdAllocator hands out producer ids that nobody had before, from blocks that the
// controller reserves in the metadata log. The rest of a block is lost when the broker stops, as
// in Kafka: ids are never given twice.
// Threads: any loop; each call resumes on its caller's.
class ProducerIdAllocator {
 public:
  explicit ProducerIdAllocator(Controller& controller) : controller_(controller) {}

  // The next id. When the block is used up, one caller fetches another and the rest wait for it;
  // all of them get its error if it fails.
  boost::asio::awaitable<Result<ProducerId>> Next();

 private:
  using Waiter = std::move_only_function<void(Status)>;

  enum class Turn { kServed, kFetches, kWaits };
  // Takes an id of the block; without one the caller is to fetch a block or to wait for it.
  Turn TakeTurn(ProducerId& id) EXCLUDES(mutex_);
  // Calls `waiter` when no fetch is under way.
  void AddWaiter(Waiter waiter) EXCLUDES(mutex_);
  // Ends a fetch: takes the first id, leaves the rest to the others and wakes those who wait.
  Result<ProducerId> EndFetch(Result<std::int64_t> first) EXCLUDES(mutex_);

  Controller& controller_;
  Mutex mutex_;
  std::int64_t next_ GUARDED_BY(mutex_) = 0;  // [next_, end_) is what is left of the block
  std::int64_t end_ GUARDED_BY(mutex_) = 0;
  bool fetching_ GUARDED_BY(mutex_) = false;
  std::vector<Waiter> waiters_ GUARDED_BY(mutex_);
};

}  // namespace gneiss::server
