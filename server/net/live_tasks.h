// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "protocol/base/mutex.h"

namespace gneiss::server {

namespace asio = boost::asio;

// LiveTasks counts the detached coroutines, so that a stop can wait for the last of them.
// Threads: any.
class LiveTasks {
 public:
  std::size_t count() const;
  std::uint64_t started() const;  // all that ever began
  // False when the time ran out first.
  bool WaitForNone(std::chrono::milliseconds timeout) const;

 private:
  friend void Supervise(LiveTasks& tasks, asio::any_io_executor executor, const char* name,
                        asio::awaitable<void> task);
  void Begin();
  void End(const char* name, std::exception_ptr failure);

  mutable Mutex mutex_;
  mutable CondVar none_left_;
  std::size_t count_ GUARDED_BY(mutex_) = 0;
  std::uint64_t started_ GUARDED_BY(mutex_) = 0;
};

// The only way to detach a coroutine: starts `task` on `executor` (at once, if that is the present
// thread's), counts it and logs the exception that ends it, if any. `name` must be a literal;
// `tasks` must outlive the task.
void Supervise(LiveTasks& tasks, asio::any_io_executor executor, const char* name,
               asio::awaitable<void> task);

}  // namespace gneiss::server
