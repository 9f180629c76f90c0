// SPDX-License-Identifier: Apache-2.0
#include "server/net/live_tasks.h"

#include <utility>

#include <glog/logging.h>
#include <boost/asio/co_spawn.hpp>

namespace gneiss::server {

std::size_t LiveTasks::count() const {
  MutexLock lock(mutex_);
  return count_;
}

std::uint64_t LiveTasks::started() const {
  MutexLock lock(mutex_);
  return started_;
}

bool LiveTasks::WaitForNone(std::chrono::milliseconds timeout) const {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  MutexLock lock(mutex_);
  while (count_ > 0) {
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left.count() <= 0) return false;
    none_left_.WaitFor(mutex_, left);
  }
  return true;
}

void LiveTasks::Begin() {
  MutexLock lock(mutex_);
  ++count_;
  ++started_;
}

void LiveTasks::End(const char* name, std::exception_ptr failure) {
  if (failure) {
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& e) {
      LOG(ERROR) << "task ended by an exception task=" << name << " what=" << e.what();
    } catch (...) {
      LOG(ERROR) << "task ended by an unknown exception task=" << name;
    }
  }
  // Under the lock to the end: the waiter may destroy this object once it sees zero.
  MutexLock lock(mutex_);
  if (--count_ == 0) none_left_.NotifyAll();
}

void Supervise(LiveTasks& tasks, asio::any_io_executor executor, const char* name,
               asio::awaitable<void> task) {
  tasks.Begin();
  asio::co_spawn(std::move(executor), std::move(task),
                 [&tasks, name](std::exception_ptr failure) { tasks.End(name, failure); });
}

}  // namespace gneiss::server
