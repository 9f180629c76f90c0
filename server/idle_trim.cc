// SPDX-License-Identifier: Apache-2.0
#include "server/idle_trim.h"

#include <cstdint>
#include <utility>

#include <malloc.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "server/limits.h"

namespace gneiss::server {

IdleTrim::IdleTrim(asio::io_context& loop, LiveTasks& tasks, StoragePool& storage)
    : loop_(loop), tasks_(tasks), storage_(storage), timer_(loop) {}

void IdleTrim::Start() { Supervise(tasks_, loop_.get_executor(), "idle trim", Run(this)); }

void IdleTrim::Stop() {
  stopping_ = true;
  timer_.cancel();
}

asio::awaitable<void> IdleTrim::Run(IdleTrim* self) {
  std::uint64_t seen = self->tasks_.started();
  std::uint64_t trimmed = seen;
  while (!self->stopping_) {
    self->timer_.expires_after(limits::kIdleTrimInterval);
    co_await self->timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    const std::uint64_t now = self->tasks_.started();
    const bool calm = now - seen < limits::kIdleTrimRequestsMax;
    seen = now;
    // Waiting consumers keep polling; only a burst since the last time is worth the work.
    if (self->stopping_ || !calm || now - trimmed < limits::kIdleTrimRequestsMax) continue;
    trimmed = now;
    auto work = [] { return Result<int>(::malloc_trim(0)); };
    static_cast<void>(co_await self->storage_.Run<int>(std::move(work)));
  }
}

}  // namespace gneiss::server
