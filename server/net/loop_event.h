// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <utility>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace gneiss::server {

namespace asio = boost::asio;

// LoopEvent lets one coroutine sleep until another piece of the same loop wakes it. It remembers
// nothing: look at the condition, Wait, look again.
//   while (!condition) co_await event.Wait();
// Threads: its loop only.
class LoopEvent {
 public:
  // REQUIRES: nobody waits.
  asio::awaitable<void> Wait() {
    auto start = [this](auto handler) {
      waiter_ = [h = std::move(handler)]() mutable {
        auto home = asio::get_associated_executor(h);
        asio::post(home, std::move(h));
      };
    };
    return asio::async_initiate<const asio::use_awaitable_t<>, void()>(std::move(start),
                                                                       asio::use_awaitable);
  }

  void Notify() {
    if (auto waiter = std::exchange(waiter_, nullptr)) waiter();
  }

 private:
  std::move_only_function<void()> waiter_;
};

}  // namespace gneiss::server
