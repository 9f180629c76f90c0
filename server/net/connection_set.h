// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <unordered_set>

#include "server/net/connection.h"

namespace gneiss::server {

// The open connections of one loop, so that a stop can close them.
// Threads: its loop only.
class ConnectionSet {
 public:
  // Starts the connection and keeps it until it is closed; `on_closed` runs then.
  void Start(std::shared_ptr<Connection> connection, std::function<void()> on_closed);
  // Closes all, and from now on each new one as soon as it comes.
  void CloseAll();

 private:
  std::unordered_set<std::shared_ptr<Connection>> open_;
  bool closing_ = false;
};

}  // namespace gneiss::server
