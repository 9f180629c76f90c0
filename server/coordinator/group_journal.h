// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "protocol/base/clock.h"
#include "protocol/base/mutex.h"
#include "protocol/base/result.h"
#include "server/coordinator/group_records.h"
#include "server/partition_table.h"

namespace gneiss::server {

// GroupJournal appends the records of one shard to its partition of __consumer_offsets: in the
// order in which they were queued, each entry as one batch, so whole or not at all.
//
// Queueing and appending are two steps so that a shard can queue under its mutex, which fixes the
// order, and append without it: an append may answer before it returns.
// Threads: any.
class GroupJournal {
 public:
  // Runs once, when the entry is durable or refused, on the committer's thread or within Drain.
  using Done = std::move_only_function<void(Status)>;
  using FindPartition = std::function<PartitionPtr()>;  // null: this broker does not lead it

  GroupJournal(FindPartition find_partition, Clock& clock)
      : find_partition_(std::move(find_partition)), clock_(clock) {}

  // REQUIRES: `records` is not empty.
  void Enqueue(std::vector<CoordinatorRecord> records, Done done);

  // Appends what is queued. If another thread is at it already, that one takes ours along.
  void Drain() EXCLUDES(mutex_);

 private:
  struct Entry {
    std::vector<CoordinatorRecord> records;
    Done done;
  };

  void Append(Entry entry);

  const FindPartition find_partition_;
  Clock& clock_;
  Mutex mutex_;
  std::deque<Entry> queue_ GUARDED_BY(mutex_);
  bool draining_ GUARDED_BY(mutex_) = false;
};

// What a client is told when a record could not be written: of a group's state, and of offsets.
ErrorCode GroupWriteError(Errc code);
ErrorCode OffsetWriteError(Errc code);

}  // namespace gneiss::server
