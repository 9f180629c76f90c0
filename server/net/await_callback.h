// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace gneiss::server {

namespace asio = boost::asio;

// Suspends the caller until `done(T)` is called, and resumes it on its own executor. `start` is
// called at once with `done`, which may be kept, moved to another thread and called there, exactly
// once; a `done` that is never called leaks the caller.
// A plain function on purpose: nothing of `start` has to live in a coroutine frame.
//   auto start = [log, batch = std::move(batch)](auto done) mutable { log->Append(..., done); };
//   Result<AppendResult> result = co_await AwaitCallback<Result<AppendResult>>(std::move(start));
template <class T, class Start>
asio::awaitable<T> AwaitCallback(Start start) {
  auto initiate = [](auto handler, Start begin) {
    auto home = asio::get_associated_executor(handler);
    // The work guard keeps the loop running while the answer is out.
    auto work = asio::prefer(home, asio::execution::outstanding_work.tracked);
    begin([home, work, h = std::move(handler)](T value) mutable {
      asio::post(
          home, [h = std::move(h), v = std::move(value)]() mutable { std::move(h)(std::move(v)); });
    });
  };
  return asio::async_initiate<const asio::use_awaitable_t<>, void(T)>(
      std::move(initiate), asio::use_awaitable, std::move(start));
}

}  // namespace gneiss::server
