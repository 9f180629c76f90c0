// SPDX-License-Identifier: Apache-2.0
#include "server/net/connection_set.h"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace gneiss::server {

void ConnectionSet::Start(std::shared_ptr<Connection> connection, std::function<void()> on_closed) {
  open_.insert(connection);
  connection->Start([this, done = std::move(on_closed)](Connection& closed) {
    open_.erase(closed.shared_from_this());
    done();
  });
  if (closing_) connection->Close(CloseReason::kStop);
}

void ConnectionSet::CloseAll() {
  closing_ = true;
  if (sweep_timer_) sweep_timer_->cancel();
  const auto closing = open_;  // each Close takes its connection out of open_
  for (const std::shared_ptr<Connection>& connection : closing) {
    connection->Close(CloseReason::kStop);
  }
}

void ConnectionSet::StartSweeping(asio::io_context& loop, const ConnectionServices& services) {
  sweep_timer_.emplace(loop);
  Supervise(services.tasks, loop.get_executor(), "sweep", Sweep(this, services));
}

std::shared_ptr<Connection> ConnectionSet::SlowestFrame(std::chrono::milliseconds at_least) const {
  std::shared_ptr<Connection> slowest;
  TimePoint since = std::chrono::steady_clock::now() - at_least;
  for (const std::shared_ptr<Connection>& connection : open_) {
    const std::optional<TimePoint> began = connection->holds_memory_since();
    if (!began || *began > since) continue;
    since = *began;
    slowest = connection;
  }
  return slowest;
}

asio::awaitable<void> ConnectionSet::Sweep(ConnectionSet* self,
                                           const ConnectionServices& services) {
  while (!self->closing_) {
    self->sweep_timer_->expires_after(services.limits.sweep_interval);
    co_await self->sweep_timer_->async_wait(asio::as_tuple(asio::use_awaitable));
    if (!services.request_memory->is_short()) continue;
    // One at a time: what it held may be enough for the rest.
    if (auto slow = self->SlowestFrame(services.limits.frame_read_max)) slow->CloseForMemory();
  }
}

}  // namespace gneiss::server
