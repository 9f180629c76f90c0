// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <utility>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "protocol/base/result.h"

namespace gneiss::server {

namespace asio = boost::asio;

// StoragePool runs what an event loop must not: cold reads, fsyncs, validation of large batches.
// Its queue holds at most one job per request in flight, which limits.h bounds per connection.
// Threads: any.
class StoragePool {
 public:
  explicit StoragePool(std::size_t threads) : threads_(threads) {}
  // REQUIRES: the io_contexts of all callers still exist.
  ~StoragePool() { Join(); }

  // Runs `work`, which returns Result<T> and must not throw, on a pool thread; the caller goes on
  // upon its own loop. A plain function: nothing of `work` lives in a coroutine frame.
  //   auto work = [log, from, limits] { return log->Read(from, limits); };
  //   Result<ReadView> view = co_await ctx.broker().storage().Run<ReadView>(std::move(work));
  template <class T, class Work>
  asio::awaitable<Result<T>> Run(Work work) {
    auto start = [this](auto handler, Work job) {
      auto home = asio::prefer(asio::get_associated_executor(handler),
                               asio::execution::outstanding_work.tracked);
      asio::post(threads_, [h = std::move(handler), job = std::move(job), home]() mutable {
        Result<T> result = job();
        asio::post(home, [h = std::move(h), r = std::move(result)]() mutable {
          std::move(h)(std::move(r));
        });
      });
    };
    return asio::async_initiate<const asio::use_awaitable_t<>, void(Result<T>)>(
        std::move(start), asio::use_awaitable, std::move(work));
  }

  // Runs `work`, which must not throw, on a pool thread; nobody waits for it.
  template <class Work>
  void Post(Work work) {
    asio::post(threads_, std::move(work));
  }

  // Runs everything that is queued and ends the threads; Run may not be called afterwards.
  void Join() { threads_.join(); }

 private:
  asio::thread_pool threads_;
};

}  // namespace gneiss::server
