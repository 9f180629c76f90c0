// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "protocol/base/ids.h"
#include "protocol/base/mutex.h"

namespace gneiss::engine {

// WatermarkWatchers wakes those who wait for the high watermark of a partition to pass an offset.
// Wakes run under its mutex, which is what makes Remove final: they must be short and must not
// call back. Threads: any.
class WatermarkWatchers {
 public:
  using Wake = std::move_only_function<void()>;

  // 0, and `wake` is dropped, if the watermark is above `beyond` already or the log is closed.
  std::uint64_t Add(Offset beyond, Wake wake) EXCLUDES(mutex_);
  void Remove(std::uint64_t id) EXCLUDES(mutex_);

  // The watermark is `high_watermark` now. It never falls.
  void Raise(Offset high_watermark) EXCLUDES(mutex_);
  // Wakes all; nobody waits any more.
  void Close() EXCLUDES(mutex_);

 private:
  struct Watcher {
    Offset beyond;
    Wake wake;
  };
  Mutex mutex_;
  Offset high_watermark_ GUARDED_BY(mutex_);
  bool closed_ GUARDED_BY(mutex_) = false;
  std::uint64_t last_id_ GUARDED_BY(mutex_) = 0;
  std::map<std::uint64_t, Watcher> watchers_ GUARDED_BY(mutex_);
};

}  // namespace gneiss::engine
