// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

namespace gneiss::server {

// MemoryBudget bounds the bytes that one purpose may hold, over all connections.
// Threads: any.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::size_t bytes) : limit_(bytes) {}

  bool TryReserve(std::size_t bytes);
  void Release(std::size_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  // Who cannot go on without memory says so, and says when it can.
  void BeginWait() { waiting_.fetch_add(1, std::memory_order_relaxed); }
  void EndWait() { waiting_.fetch_sub(1, std::memory_order_relaxed); }
  bool is_short() const { return waiting_.load(std::memory_order_relaxed) > 0; }
  std::size_t used() const { return used_.load(std::memory_order_relaxed); }
  std::size_t limit() const { return limit_; }

 private:
  const std::size_t limit_;
  std::atomic<std::size_t> used_ = 0;
  std::atomic<std::size_t> waiting_ = 0;
};

// Reservation is a share of a budget, given back when it is destroyed, on whichever thread.
class Reservation {
 public:
  explicit Reservation(std::shared_ptr<MemoryBudget> budget) : budget_(std::move(budget)) {}
  Reservation(Reservation&& other) noexcept
      : budget_(std::move(other.budget_)), bytes_(std::exchange(other.bytes_, 0)) {}
  Reservation& operator=(Reservation&&) = delete;
  ~Reservation() {
    if (bytes_ > 0) budget_->Release(bytes_);
  }

  std::size_t bytes() const { return bytes_; }
  // False, and unchanged, if the budget lacks the difference.
  bool TryGrowTo(std::size_t bytes);

 private:
  std::shared_ptr<MemoryBudget> budget_;
  std::size_t bytes_ = 0;
};

}  // namespace gneiss::server
