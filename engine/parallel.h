// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

namespace gneiss::engine {

// Calls `work` with 0, 1, ... `count` - 1, on at most `threads` threads of which this is one, and
// returns when all calls have. `work` must not throw.
inline void RunInParallel(std::size_t count, std::size_t threads,
                          const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  const auto run = [&] {
    for (std::size_t i = next++; i < count; i = next++) work(i);
  };
  std::vector<std::thread> others;
  while (others.size() + 1 < threads && others.size() + 1 < count) others.emplace_back(run);
  run();
  for (std::thread& thread : others) thread.join();
}

}  // namespace gneiss::engine
