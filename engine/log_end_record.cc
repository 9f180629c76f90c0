// SPDX-License-Identifier: Apache-2.0
#include "engine/log_end_record.h"

#include <glog/logging.h>

#include <string>
#include <utility>
#include <vector>

#include "engine/rocks_status.h"

namespace gneiss::engine {

LogEndRecord::LogEndRecord(RocksMetadataLog& metadata, std::chrono::milliseconds interval)
    : metadata_(metadata), interval_(interval), thread_([this] { Run(); }) {}

LogEndRecord::~LogEndRecord() { Stop(); }

void LogEndRecord::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    wake_.NotifyOne();
  }
  if (thread_.joinable()) thread_.join();
}

Status LogEndRecord::Load() {
  const std::string begin = format::LogEndsBegin();
  const std::unique_ptr<rocksdb::Iterator> it(metadata_.db().NewIterator(rocksdb::ReadOptions()));
  MutexLock lock(mutex_);
  for (it->Seek(begin); it->Valid() && it->key().starts_with(begin); it->Next()) {
    GNEISS_ASSIGN_OR_RETURN(const auto ref, format::DecodeLogEndKey(ToText(it->key())));
    GNEISS_ASSIGN_OR_RETURN(const Offset end, format::DecodeLogEnd(ToText(it->value())));
    entries_[ref].end = end;
  }
  return FromRocks(it->status(), "read the ends of logs");
}

Offset LogEndRecord::EndOf(const format::PartitionRef& ref) const {
  MutexLock lock(mutex_);
  const auto known = entries_.find(ref);
  return known == entries_.end() ? Offset(0) : known->second.end;
}

void LogEndRecord::Add(const std::shared_ptr<PartitionLog>& log) {
  MutexLock lock(mutex_);
  entries_[{log->topic_id(), log->topic_partition().partition}].log = log;
}

void LogEndRecord::Forget(const format::PartitionRef& ref) {
  {
    MutexLock lock(mutex_);
    if (entries_.erase(ref) == 0) return;
  }
  rocksdb::WriteBatch batch;
  batch.Delete(format::LogEndKey(ref)).PermitUncheckedError();  // it cannot be too large
  // The partition's id never comes again, so one that stays does no harm.
  // Without an fsync: a topic may have thousands, and they go one by one.
  if (const Status erased = metadata_.Write(batch, "forget a log's end", false); !erased) {
    VLOG(1) << erased.error().detail;
  }
}

Status LogEndRecord::RecordNow() {
  MutexLock recording(record_mutex_);
  std::vector<std::pair<format::PartitionRef, Offset>> moved;
  {
    MutexLock lock(mutex_);
    for (const auto& [ref, entry] : entries_) {
      const std::shared_ptr<PartitionLog> log = entry.log.lock();
      if (log == nullptr) continue;
      const Offset end = log->offsets().log_end;
      if (end != entry.end) moved.emplace_back(ref, end);
    }
  }
  if (moved.empty()) return {};
  rocksdb::WriteBatch batch;
  for (const auto& [ref, end] : moved) {
    GNEISS_RETURN_IF_ERROR(
        FromRocks(batch.Put(format::LogEndKey(ref), format::EncodeLogEnd(end)), "frame log ends"));
  }
  GNEISS_RETURN_IF_ERROR(metadata_.Write(batch, "record the ends of logs"));
  MutexLock lock(mutex_);
  for (const auto& [ref, end] : moved) {
    if (const auto entry = entries_.find(ref); entry != entries_.end()) entry->second.end = end;
  }
  return {};
}

void LogEndRecord::Run() {
  while (true) {
    {
      MutexLock lock(mutex_);
      if (!stopping_) wake_.WaitFor(mutex_, interval_);
      if (stopping_) return;
    }
    if (const Status recorded = RecordNow(); !recorded) {
      LOG_EVERY_T(WARNING, 60) << "the ends of logs are not recorded error="
                               << recorded.error().detail;
    }
  }
}

}  // namespace gneiss::engine
