// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "engine/format.h"
#include "engine/rocks_metadata_log.h"
#include "protocol/base/mutex.h"
#include "protocol/base/result.h"

namespace gneiss::engine {

// PlacementTable remembers in which store each partition has its family. It lies in the metadata
// store, so it is there when the partition's own store is not. Threads: any.
class PlacementTable {
 public:
  // `metadata` outlives it.
  explicit PlacementTable(RocksMetadataLog& metadata) : metadata_(metadata) {}

  // Calls `found` for each placement, in the order of topic ids and partitions.
  Status Load(const std::function<void(const format::PartitionRef&, const format::Placement&)>&
                  found) const;

  // Durable when it returns: one fsync for all, and for what other threads record while an earlier
  // one lasts. Blocks.
  Status Record(std::span<const format::PartitionRef> partitions,
                const format::Placement& placement) EXCLUDES(mutex_);

  // Not fsynced: what a crash brings back is erased again at the next start. What is written to the
  // metadata later does not outlive it.
  Status Erase(const format::PartitionRef& partition);

 private:
  // What is written with one fsync.
  struct Group {
    rocksdb::WriteBatch batch;
    Status result;
    bool done = false;
  };

  RocksMetadataLog& metadata_;
  Mutex mutex_;
  CondVar written_;
  bool writing_ GUARDED_BY(mutex_) = false;
  std::shared_ptr<Group> next_ GUARDED_BY(mutex_);  // may be none
};

}  // namespace gneiss::engine
