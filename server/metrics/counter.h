// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace gneiss::server {

// LoopCounter is a number that one thread changes, by a plain load and store, and any thread reads.
// Each event loop has its own; they are added up when somebody asks.
class LoopCounter {
 public:
  void Add(std::uint64_t count = 1) { value_.store(value() + count, std::memory_order_relaxed); }
  void Subtract(std::uint64_t count) { value_.store(value() - count, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

// SharedCounter may be changed by any thread.
class SharedCounter {
 public:
  void Add(std::uint64_t count = 1) { value_.fetch_add(count, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

// The upper bounds of LatencyHistogram's buckets but the last, which has none. From what a produce
// to memory takes up to the longest wait that clients put up with.
inline constexpr std::array<std::chrono::microseconds, 16> kLatencyBounds{
    std::chrono::microseconds(100),
    std::chrono::microseconds(250),
    std::chrono::microseconds(500),
    std::chrono::microseconds(1'000),
    std::chrono::microseconds(2'500),
    std::chrono::microseconds(5'000),
    std::chrono::microseconds(10'000),
    std::chrono::microseconds(25'000),
    std::chrono::microseconds(50'000),
    std::chrono::microseconds(100'000),
    std::chrono::microseconds(250'000),
    std::chrono::microseconds(500'000),
    std::chrono::seconds(1),
    std::chrono::seconds(2),
    std::chrono::seconds(10),
    std::chrono::seconds(30)};

// LatencyHistogram counts durations by size. Threads: as LoopCounter.
class LatencyHistogram {
 public:
  static constexpr std::size_t kBuckets = kLatencyBounds.size() + 1;

  void Observe(std::chrono::nanoseconds duration) {
    std::size_t bucket = 0;
    while (bucket < kLatencyBounds.size() && duration > kLatencyBounds[bucket]) ++bucket;
    buckets_[bucket].Add();
    sum_ns_.Add(static_cast<std::uint64_t>(std::max(duration.count(), std::int64_t{0})));
  }

  std::uint64_t bucket(std::size_t index) const { return buckets_[index].value(); }
  std::uint64_t sum_ns() const { return sum_ns_.value(); }

 private:
  std::array<LoopCounter, kBuckets> buckets_;
  LoopCounter sum_ns_;
};

}  // namespace gneiss::server
