// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_set>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "server/net/connection.h"

namespace gneiss::server {

// The open connections of one loop, so that a stop can close them.
// Threads: its loop only, except StartSweeping, which comes before the loop runs.
class ConnectionSet {
 public:
  // From now on, when request memory is short, connections that hold it for too long are closed.
  void StartSweeping(asio::io_context& loop, const ConnectionServices& services);
  // Starts the connection and keeps it until it is closed; `on_closed` runs then.
  void Start(std::shared_ptr<Connection> connection, std::function<void()> on_closed);
  // Closes all, and from now on each new one as soon as it comes.
  void CloseAll();

 private:
  std::unordered_set<std::shared_ptr<Connection>> open_;
  static asio::awaitable<void> Sweep(ConnectionSet* self, const ConnectionServices& services);
  // The connection that has been reading one frame for the longest time, `at_least`; or null.
  std::shared_ptr<Connection> SlowestFrame(std::chrono::milliseconds at_least) const;

  bool closing_ = false;
  std::optional<asio::steady_timer> sweep_timer_;
};

}  // namespace gneiss::server
