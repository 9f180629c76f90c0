// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/committer.h"
#include "engine/database.h"
#include "engine/format.h"
#include "protocol/base/mutex.h"
#include "protocol/base/result.h"

namespace gneiss::engine {

// Within a store's directory: the files of a clone in the making, as links. Removed when it is
// made, or at the next start.
inline constexpr char kCloneDirectory[] = "clone";
// As RocksDB names it until all links are there.
inline constexpr char kCloneTemporary[] = "clone.tmp";

// Hands a change to the committer and waits until it is written. Not on a committer's thread.
Status CommitAndWait(Committer& committer, Commit commit);

// PendingClones remembers, on disk, which partitions of a store are clones in the making: from
// before their family exists until the metadata has their topic. What is still pending at the next
// start and is in no metadata was interrupted, and may be dropped: nobody was ever told of it.
// Threads: any.
class PendingClones {
 public:
  // Reads what an earlier process left. Before the store's committer starts.
  Status Load(const Family& state) EXCLUDES(mutex_);

  // Durable when it returns.
  Status Begin(const format::PartitionRef& ref, const std::string& family_name,
               Committer& committer) EXCLUDES(mutex_);
  // The clone has become a partition, or is gone. On disk before whatever is enqueued afterwards.
  void End(const format::PartitionRef& ref, Committer& committer) EXCLUDES(mutex_);

  // Whether a family of this name was being filled.
  bool HasFamily(const std::string& family_name) const EXCLUDES(mutex_);
  std::vector<format::PartitionRef> List() const EXCLUDES(mutex_);

 private:
  mutable Mutex mutex_;
  std::map<format::PartitionRef, std::string> pending_ GUARDED_BY(mutex_);  // -> family name
};

}  // namespace gneiss::engine
