// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "server/net/await_callback.h"

namespace gneiss::server {

// Completions gathers the results of several callback calls that run at the same time, and wakes
// the coroutine that waits for them once, by a single post, when the last has come.
//   auto appends = Completions<Result<AppendResult>>::Create(batches.size());
//   for (...) log->Append(std::move(batch), appends->Slot(i));
//   std::vector<Result<AppendResult>> results = co_await All(appends);
// Threads: the slots any; the rest its coroutine's loop.
template <class T>
class Completions : public std::enable_shared_from_this<Completions<T>> {
 public:
  static std::shared_ptr<Completions> Create(std::size_t count) {
    return std::shared_ptr<Completions>(new Completions(count));
  }

  // The callback of the i-th call: to be run exactly once.
  auto Slot(std::size_t i) {
    // Points to the slot and owns the whole: two words, which a std::function keeps without a heap
    // block of its own.
    std::shared_ptr<Entry> entry(this->shared_from_this(), &entries_[i]);
    return [entry = std::move(entry)](T value) mutable {
      entry->value = std::move(value);
      entry->owner->Arrive();
    };
  }

  // The results, in the order of the slots. REQUIRES: every slot is taken; only once.
  friend asio::awaitable<std::vector<T>> All(std::shared_ptr<Completions> self) {
    if (self->missing_.load(std::memory_order_acquire) > 1) {
      auto start = [self](auto done) {
        self->resume_ = [done = std::move(done)]() mutable { done(true); };
        self->Arrive();  // the waiter itself is the last of the count
      };
      static_cast<void>(co_await AwaitCallback<bool>(std::move(start)));
    }
    std::vector<T> results;
    results.reserve(self->entries_.size());
    for (Entry& entry : self->entries_) results.push_back(std::move(*entry.value));
    co_return results;
  }

 private:
  struct Entry {
    Completions* owner = nullptr;
    std::optional<T> value;
  };

  explicit Completions(std::size_t count) : entries_(count), missing_(count + 1) {
    for (Entry& entry : entries_) entry.owner = this;
  }

  void Arrive() {
    if (missing_.fetch_sub(1, std::memory_order_acq_rel) == 1) resume_();
  }

  std::vector<Entry> entries_;
  std::atomic<std::size_t> missing_;  // results, and the waiter until it waits
  std::move_only_function<void()> resume_;
};

}  // namespace gneiss::server
