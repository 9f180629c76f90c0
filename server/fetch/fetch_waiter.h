// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "engine/partition_log.h"
#include "protocol/base/clock.h"
#include "protocol/base/ids.h"

namespace gneiss::server {

class RequestContext;

// FetchWaiter parks one fetch until its partitions have more to give. The logs call it when their
// high watermark moves; nothing is polled, and no RocksDB iterator is held meanwhile.
// Threads: its event loop only. The logs' calls come on committer threads and are posted.
class FetchWaiter {
 public:
  FetchWaiter(RequestContext& ctx, Clock& clock);
  ~FetchWaiter();  // the logs forget it
  FetchWaiter(const FetchWaiter&) = delete;
  FetchWaiter& operator=(const FetchWaiter&) = delete;

  // Adds a log whose high watermark was `seen` when it was read.
  void Watch(std::shared_ptr<engine::PartitionLog> log, Offset seen);

  enum class Wake {
    kRead,    // the logs grew by `bytes` at least, or by what cannot be counted upon the loop
    kLost,    // a log was closed or deleted: its watch would be called at once, for ever
    kTimeUp,  // or the connection is gone
  };
  boost::asio::awaitable<Wake> Wait(std::size_t bytes, TimePoint deadline);

 private:
  class Signal;
  struct Watched {
    std::shared_ptr<engine::PartitionLog> log;
    Offset seen;                           // its high watermark; what is above has not been counted
    engine::PartitionLog::WatchId id = 0;  // 0: not registered
  };

  void Register(std::size_t index);
  // Counts what the logs that called have got, and registers with them again as long as less than
  // `bytes` came. Nothing: the wait goes on.
  std::optional<Wake> TakeCalls(std::size_t bytes);
  std::optional<Wake> CountGrowth(Watched& watched, std::size_t bytes);

  RequestContext& ctx_;
  Clock& clock_;
  const std::shared_ptr<Signal> signal_;  // shared with the logs' callbacks
  std::vector<Watched> watched_;
  std::size_t grown_bytes_ = 0;
};

}  // namespace gneiss::server
