// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <thread>

#include "engine/format.h"
#include "engine/partition_log.h"
#include "engine/rocks_metadata_log.h"
#include "protocol/base/ids.h"
#include "protocol/base/mutex.h"
#include "protocol/base/result.h"

namespace gneiss::engine {

// LogEndRecord writes down every few seconds, fsynced, where the logs end. A store's own WAL cannot
// tell what a power cut took of it, nor what was behind a damage; by this the next start reports
// what is gone, but for the last seconds. It lies in the metadata store and costs appends nothing.
// Threads: any; it writes on a thread of its own.
class LogEndRecord {
 public:
  // `metadata` outlives it.
  LogEndRecord(RocksMetadataLog& metadata, std::chrono::milliseconds interval);
  ~LogEndRecord();  // as Stop
  LogEndRecord(const LogEndRecord&) = delete;
  LogEndRecord& operator=(const LogEndRecord&) = delete;

  // Reads what an earlier process has written down. Call it once, first.
  Status Load() EXCLUDES(mutex_);
  // Where the log has ended at least; 0 when nothing is known.
  Offset EndOf(const format::PartitionRef& ref) const EXCLUDES(mutex_);

  void Add(const std::shared_ptr<PartitionLog>& log) EXCLUDES(mutex_);
  // The partition was deleted.
  void Forget(const format::PartitionRef& ref) EXCLUDES(mutex_);

  // What the thread does every interval: one write, if any log has moved.
  Status RecordNow() EXCLUDES(record_mutex_, mutex_);
  void Stop() EXCLUDES(mutex_);

 private:
  struct Entry {
    Offset end;                       // as written down
    std::weak_ptr<PartitionLog> log;  // empty while nobody has opened it
  };

  void Run();

  RocksMetadataLog& metadata_;
  const std::chrono::milliseconds interval_;
  Mutex record_mutex_;  // one at a time records
  mutable Mutex mutex_;
  CondVar wake_;
  std::map<format::PartitionRef, Entry> entries_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace gneiss::engine
