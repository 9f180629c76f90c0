// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/compaction_filter.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "protocol/base/ids.h"
#include "protocol/base/mutex.h"

namespace gneiss::engine {

// BatchCleaner decides over single batches while log compaction rewrites files.
// Threads: any, several at a time.
class BatchCleaner {
 public:
  enum class Verdict { kKeep, kRemove, kRewrite };

  virtual ~BatchCleaner() = default;

  // With kRewrite, `rewritten` is the batch in its new form, with the same last offset: the key
  // stays. What cannot be judged is kept.
  virtual Verdict Judge(std::span<const std::byte> batch, std::string* rewritten) const = 0;
};

// FilterRules is what compactions of one partition's family go by. Until somebody says otherwise
// they keep everything. Threads: any.
class FilterRules {
 public:
  // Batches that lie wholly below `log_start` may go from now on. Never falls.
  // REQUIRES: the WAL that holds this log start is fsynced, or a power cut would bring back an
  // older log start and leave a hole behind it.
  void DropBelow(Offset log_start);
  Offset drop_below() const { return drop_below_.load(std::memory_order_relaxed); }

  // Compactions that begin from now on ask `cleaner`; null ends that.
  void SetCleaner(std::shared_ptr<const BatchCleaner> cleaner) EXCLUDES(mutex_);
  std::shared_ptr<const BatchCleaner> cleaner() const EXCLUDES(mutex_);

 private:
  std::atomic<Offset> drop_below_{Offset(0)};
  mutable Mutex mutex_;
  std::shared_ptr<const BatchCleaner> cleaner_ GUARDED_BY(mutex_);
};

// LogFilterFactory makes the compaction filters of all partition families of one store. A family
// without rules, as in RocksDB's own tools, loses nothing. Threads: any.
class LogFilterFactory final : public rocksdb::CompactionFilterFactory {
 public:
  // ON DISK, in OPTIONS files: never rename.
  static constexpr char kName[] = "gneiss.LogFilter";

  const char* Name() const override { return kName; }
  std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
      const rocksdb::CompactionFilter::Context& context) override EXCLUDES(mutex_);
  // Flushes as well: what is below the log start by then need not become a file first. Cleaners
  // are not asked there.
  bool ShouldFilterTableFileCreation(rocksdb::TableFileCreationReason reason) const override {
    return reason == rocksdb::TableFileCreationReason::kCompaction ||
           reason == rocksdb::TableFileCreationReason::kFlush;
  }

  // Takes effect for compactions that begin afterwards. Null: no rules any more.
  void SetRules(std::uint32_t family_id, std::shared_ptr<const FilterRules> rules) EXCLUDES(mutex_);

 private:
  Mutex mutex_;
  std::map<std::uint32_t, std::shared_ptr<const FilterRules>> rules_ GUARDED_BY(mutex_);
};

}  // namespace gneiss::engine
