// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "server/net/live_tasks.h"
#include "server/net/storage_pool.h"

namespace gneiss::server {

// IdleTrim gives memory back to the system after a burst of requests: malloc keeps what the frames
// took, which can be hundreds of megabytes, and an idle broker should be small.
// Threads: its loop only.
class IdleTrim {
 public:
  // All of it outlives this object.
  IdleTrim(asio::io_context& loop, LiveTasks& tasks, StoragePool& storage);

  void Start();
  void Stop();

 private:
  static asio::awaitable<void> Run(IdleTrim* self);

  asio::io_context& loop_;
  LiveTasks& tasks_;
  StoragePool& storage_;
  asio::steady_timer timer_;
  bool stopping_ = false;
};

}  // namespace gneiss::server
