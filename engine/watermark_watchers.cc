// SPDX-License-Identifier: Apache-2.0
#include "engine/watermark_watchers.h"

#include <utility>

namespace gneiss::engine {

std::uint64_t WatermarkWatchers::Add(Offset beyond, Wake wake) {
  MutexLock lock(mutex_);
  if (closed_ || high_watermark_ > beyond) return 0;
  watchers_.emplace(++last_id_, Watcher{beyond, std::move(wake)});
  return last_id_;
}

void WatermarkWatchers::Remove(std::uint64_t id) {
  MutexLock lock(mutex_);
  watchers_.erase(id);
}

void WatermarkWatchers::Raise(Offset high_watermark) {
  MutexLock lock(mutex_);
  if (high_watermark <= high_watermark_) return;
  high_watermark_ = high_watermark;
  for (auto at = watchers_.begin(); at != watchers_.end();) {
    if (at->second.beyond >= high_watermark) {
      ++at;
      continue;
    }
    at->second.wake();
    at = watchers_.erase(at);
  }
}

void WatermarkWatchers::Close() {
  MutexLock lock(mutex_);
  closed_ = true;
  for (auto& [id, watcher] : watchers_) watcher.wake();
  watchers_.clear();
}

}  // namespace gneiss::engine
