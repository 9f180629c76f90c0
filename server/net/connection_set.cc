// SPDX-License-Identifier: Apache-2.0
#include "server/net/connection_set.h"

#include <utility>

namespace gneiss::server {

void ConnectionSet::Start(std::shared_ptr<Connection> connection, std::function<void()> on_closed) {
  open_.insert(connection);
  connection->Start([this, done = std::move(on_closed)](Connection& closed) {
    open_.erase(closed.shared_from_this());
    done();
  });
  if (closing_) connection->Close();
}

void ConnectionSet::CloseAll() {
  closing_ = true;
  const auto closing = open_;  // each Close takes its connection out of open_
  for (const std::shared_ptr<Connection>& connection : closing) connection->Close();
}

}  // namespace gneiss::server
