// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/listener.h>

#include <atomic>
#include <cstdint>

namespace gneiss::engine {

// StoreCounters counts what RocksDB does in the background of one store. Far cheaper than
// RocksDB's own statistics, which every Get and every write pays for.
// Threads: any; RocksDB calls it from its background threads.
class StoreCounters final : public rocksdb::EventListener {
 public:
  std::uint64_t flushes() const { return flushes_; }
  std::uint64_t compactions() const { return compactions_; }
  std::uint64_t flushed_bytes() const { return flushed_bytes_; }
  std::uint64_t compaction_read_bytes() const { return compaction_read_bytes_; }
  std::uint64_t compaction_written_bytes() const { return compaction_written_bytes_; }
  std::uint64_t write_stalls() const { return write_stalls_; }

  void OnFlushCompleted(rocksdb::DB* db, const rocksdb::FlushJobInfo& job) override;
  void OnCompactionCompleted(rocksdb::DB* db, const rocksdb::CompactionJobInfo& job) override;
  void OnStallConditionsChanged(const rocksdb::WriteStallInfo& stall) override;

 private:
  std::atomic<std::uint64_t> flushes_ = 0;
  std::atomic<std::uint64_t> flushed_bytes_ = 0;
  std::atomic<std::uint64_t> compactions_ = 0;
  std::atomic<std::uint64_t> compaction_read_bytes_ = 0;
  std::atomic<std::uint64_t> compaction_written_bytes_ = 0;
  std::atomic<std::uint64_t> write_stalls_ = 0;
};

}  // namespace gneiss::engine
