// SPDX-License-Identifier: Apache-2.0
#include "engine/rocks_metadata_log.h"

#include <glog/logging.h>

#include <limits>
#include <string>
#include <utility>

#include "engine/fault_point.h"
#include "engine/format.h"
#include "engine/rocks_options.h"
#include "engine/rocks_status.h"

namespace gneiss::engine {
namespace {

std::string LastRecordKey() {
  return format::MetadataRecordKey(Offset(std::numeric_limits<std::int64_t>::max()));
}

}  // namespace

Result<std::unique_ptr<RocksMetadataLog>> RocksMetadataLog::Open(
    const std::filesystem::path& path, const std::shared_ptr<rocksdb::FileSystem>& base) {
  const rocksdb::Options options = MetadataOptions();
  GNEISS_ASSIGN_OR_RETURN(
      std::shared_ptr<Database> database,
      Database::Open(path, options, options, {{rocksdb::kDefaultColumnFamilyName, options}}, base));
  std::unique_ptr<RocksMetadataLog> log(new RocksMetadataLog(std::move(database)));
  GNEISS_RETURN_IF_ERROR(log->FindEnd());
  return log;
}

Status RocksMetadataLog::FindEnd() {
  const std::unique_ptr<rocksdb::Iterator> it(database_->db().NewIterator(rocksdb::ReadOptions()));
  it->SeekForPrev(LastRecordKey());
  GNEISS_RETURN_IF_ERROR(FromRocks(it->status(), "find the end of the metadata log"));
  const std::string first_record = format::MetadataRecordKey(Offset(0));
  if (!it->Valid() || it->key().compare(first_record) < 0) return {};
  GNEISS_ASSIGN_OR_RETURN(const Offset last, format::DecodeMetadataRecordKey(ToText(it->key())));
  log_end_ = last + 1;
  return {};
}

Result<Offset> RocksMetadataLog::Append(std::span<const std::string> records) {
  rocksdb::WriteBatch batch;
  const Offset first = log_end();
  Offset next = first;
  for (const std::string& record : records) {
    GNEISS_RETURN_IF_ERROR(
        FromRocks(batch.Put(format::MetadataRecordKey(next), record), "frame metadata"));
    ++next;
  }
  GNEISS_RETURN_IF_ERROR(Write(batch, "append metadata"));
  log_end_ = next;
  return first;
}

Status RocksMetadataLog::Replay(
    const std::function<Status(Offset, std::span<const std::byte>)>& record) {
  const std::string last = LastRecordKey();  // other key spaces lie behind it
  const std::unique_ptr<rocksdb::Iterator> it(database_->db().NewIterator(rocksdb::ReadOptions()));
  for (it->Seek(format::MetadataRecordKey(Offset(0))); it->Valid() && it->key().compare(last) <= 0;
       it->Next()) {
    GNEISS_ASSIGN_OR_RETURN(const Offset offset,
                            format::DecodeMetadataRecordKey(ToText(it->key())));
    GNEISS_RETURN_IF_ERROR(record(offset, ToBytes(it->value())));
  }
  return FromRocks(it->status(), "replay metadata");
}

Result<std::string> RocksMetadataLog::GetProperty(const std::string& name) {
  std::string value;
  GNEISS_RETURN_IF_ERROR(FromRocks(
      database_->db().Get(rocksdb::ReadOptions(), format::MetadataPropertyKey(name), &value),
      "read property " + name));
  return value;
}

Status RocksMetadataLog::SetProperty(const std::string& name, const std::string& value) {
  rocksdb::WriteBatch batch;
  GNEISS_RETURN_IF_ERROR(
      FromRocks(batch.Put(format::MetadataPropertyKey(name), value), "frame property " + name));
  return Write(batch, "write a property");
}

Status RocksMetadataLog::Write(rocksdb::WriteBatch& batch, const char* doing, bool sync) {
  MutexLock lock(write_mutex_);
  if (failed_) return Fail(Errc::kStorage, "an earlier write of metadata failed");
  if (full_) {
    const rocksdb::Status resumed = recovery_.Resume();
    failed_ = !resumed.ok() && !resumed.IsNoSpace();
    GNEISS_RETURN_IF_ERROR(FromRocks(resumed, doing));
    full_ = false;
    LOG(INFO) << "metadata can be written again";
  }
  recovery_.BeforeWrite();
  rocksdb::WriteOptions options;
  options.sync = sync;
  GNEISS_FAULT_POINT("metadata.before_write");
  Status written = FromRocks(database_->db().Write(options, &batch), doing);
  GNEISS_FAULT_POINT("metadata.before_answer");
  if (!written) {
    const bool full = written.error().code == Errc::kDiskFull;
    (full ? full_ : failed_) = true;
    LOG(ERROR) << "metadata cannot be written error=" << written.error().detail
               << (full ? " until there is room" : " until the broker is restarted");
  }
  return written;
}

}  // namespace gneiss::engine
