// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/file_system.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <thread>

#include "protocol/base/mutex.h"

namespace gneiss::engine {

struct DiskGuardOptions {
  std::filesystem::path directory;
  // Below this appends are refused. It has to cover what RocksDB may still write by itself: all
  // memtables, one file being merged.
  std::uint64_t free_bytes_min = std::uint64_t{512} << 20;
  std::uint64_t reserve_bytes = std::uint64_t{64} << 20;
  std::chrono::milliseconds interval{1000};
  std::shared_ptr<rocksdb::FileSystem> file_system;  // knows the free space
};

// DiskGuard keeps the stores of one data directory from running into a full disk. While the volume
// is low on space appends are refused, so that what is accepted already can be flushed and what
// makes room can be written: log starts, removals, metadata. A reserve file stands for the case
// that somebody else fills the volume: it is given up then, and made again when there is room.
//
// It looks at the volume every `interval`, after every 32 MB written, and when a store was told
// that the disk is full. On a small volume the limits are smaller: 1/8 and 1/32 of its capacity.
// Threads: any; it looks on a thread of its own.
class DiskGuard {
 public:
  // Looks once before it returns, so that what opens after it finds the reserve given up if need
  // be.
  explicit DiskGuard(DiskGuardOptions options);
  ~DiskGuard();
  DiskGuard(const DiskGuard&) = delete;
  DiskGuard& operator=(const DiskGuard&) = delete;

  // Whether appends are refused at present.
  bool low() const { return low_.load(std::memory_order_relaxed); }

  void Wrote(std::size_t bytes) EXCLUDES(mutex_);
  // A write failed for want of space.
  void FoundFull() EXCLUDES(mutex_);

 private:
  void Run() EXCLUDES(mutex_);
  void Look(bool found_full);
  void SetLow(bool low, std::uint64_t free_bytes);
  void GiveUpReserve(std::uint64_t free_bytes);
  void MakeReserve();

  DiskGuardOptions options_;
  const std::filesystem::path reserve_;
  // One thread at a time: the constructor's, then its own.
  bool has_reserve_ = false;
  bool room_for_reserve_ = false;
  std::atomic<bool> low_ = false;
  std::atomic<std::size_t> written_ = 0;  // since the last look

  Mutex mutex_;
  CondVar wake_;
  bool look_now_ GUARDED_BY(mutex_) = false;
  bool found_full_ GUARDED_BY(mutex_) = false;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace gneiss::engine
