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

// A snapshot is staged in pieces of this size, each fsynced: an append that comes meanwhile waits
// for one of them.
constexpr std::size_t kPieceBytes = std::size_t{256} << 10;

std::string LastRecordKey() {
  return format::MetadataRecordKey(Offset(std::numeric_limits<std::int64_t>::max()));
}

// [RecordsOf(end), RecordsOf(end + 1)) are the records of the snapshot that reaches to `end`.
std::string RecordsOf(Offset end) {
  return format::MetadataSnapshotRecordKey({.snapshot_end = end, .index = 0});
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
  GNEISS_ASSIGN_OR_RETURN(const format::MetadataSnapshot snapshot, ReadSnapshot());
  snapshot_end_ = snapshot.end;
  log_end_ = snapshot.end;
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

Result<format::MetadataSnapshot> RocksMetadataLog::ReadSnapshot() const {
  std::string value;
  const rocksdb::Status read =
      database_->db().Get(rocksdb::ReadOptions(), format::MetadataSnapshotKey(), &value);
  if (read.IsNotFound()) return format::MetadataSnapshot{};
  GNEISS_RETURN_IF_ERROR(FromRocks(read, "read the metadata snapshot"));
  return format::DecodeMetadataSnapshot(value);
}

Status RocksMetadataLog::Replay(const RecordVisitor& record) {
  GNEISS_ASSIGN_OR_RETURN(const format::MetadataSnapshot snapshot, ReadSnapshot());
  GNEISS_RETURN_IF_ERROR(ReplaySnapshot(snapshot, record));
  const std::string last = LastRecordKey();  // other key spaces lie behind it
  const std::unique_ptr<rocksdb::Iterator> it(database_->db().NewIterator(rocksdb::ReadOptions()));
  Offset next = snapshot.end;
  for (it->Seek(format::MetadataRecordKey(next)); it->Valid() && it->key().compare(last) <= 0;
       it->Next()) {
    GNEISS_ASSIGN_OR_RETURN(const Offset offset,
                            format::DecodeMetadataRecordKey(ToText(it->key())));
    if (offset != next) {
      return Fail(Errc::kCorrupt, "the metadata log lacks the records " +
                                      std::to_string(next.value()) + " to " +
                                      std::to_string(offset.value() - 1));
    }
    GNEISS_RETURN_IF_ERROR(record(offset, ToBytes(it->value())));
    ++next;
  }
  return FromRocks(it->status(), "replay metadata");
}

Status RocksMetadataLog::ReplaySnapshot(const format::MetadataSnapshot& snapshot,
                                        const RecordVisitor& record) {
  const std::unique_ptr<rocksdb::Iterator> it(database_->db().NewIterator(rocksdb::ReadOptions()));
  it->Seek(RecordsOf(snapshot.end));
  for (std::int64_t index = 0; index < snapshot.records; ++index) {
    const std::string key =
        format::MetadataSnapshotRecordKey({.snapshot_end = snapshot.end, .index = index});
    if (!it->Valid() || it->key().compare(key) != 0) {
      GNEISS_RETURN_IF_ERROR(FromRocks(it->status(), "replay the metadata snapshot"));
      return Fail(Errc::kCorrupt, "the metadata snapshot lacks record " + std::to_string(index) +
                                      " of " + std::to_string(snapshot.records));
    }
    GNEISS_RETURN_IF_ERROR(record(snapshot.end - 1, ToBytes(it->value())));
    it->Next();
  }
  return {};
}

Status RocksMetadataLog::WriteSnapshot(Offset end, const SnapshotSource& source) {
  CHECK_LE(end, log_end()) << "a snapshot of what is not there";
  const Offset before = snapshot_end();
  if (end <= before) return {};
  GNEISS_RETURN_IF_ERROR(DropStaged(before));
  GNEISS_ASSIGN_OR_RETURN(const std::int64_t records, Stage(end, source));
  GNEISS_FAULT_POINT("metadata.snapshot_staged");
  GNEISS_RETURN_IF_ERROR(SwitchTo({.end = end, .records = records}, before));
  GNEISS_FAULT_POINT("metadata.snapshot_switched");
  GiveBackSpace();
  return {};
}

// What a broker that died, or a disk that was full, has left of other snapshots than the present.
Status RocksMetadataLog::DropStaged(Offset present_end) {
  const std::unique_ptr<rocksdb::Iterator> it(database_->db().NewIterator(rocksdb::ReadOptions()));
  it->Seek(RecordsOf(present_end + 1));
  GNEISS_RETURN_IF_ERROR(FromRocks(it->status(), "look for staged metadata"));
  if (!it->Valid() || !it->key().starts_with(format::MetadataSnapshotRecordsBegin())) return {};
  rocksdb::WriteBatch batch;
  GNEISS_RETURN_IF_ERROR(
      FromRocks(batch.DeleteRange(RecordsOf(present_end + 1),
                                  format::PrefixEnd(format::MetadataSnapshotRecordsBegin())),
                "frame the end of staged metadata"));
  return Write(batch, "drop staged metadata");
}

// Returns how many there are.
Result<std::int64_t> RocksMetadataLog::Stage(Offset end, const SnapshotSource& source) {
  format::SnapshotRecordRef next{.snapshot_end = end, .index = 0};
  rocksdb::WriteBatch piece;
  const auto stage = [&](std::string_view record) -> Status {
    const std::string key = format::MetadataSnapshotRecordKey(next);
    ++next.index;
    GNEISS_RETURN_IF_ERROR(FromRocks(piece.Put(key, rocksdb::Slice(record.data(), record.size())),
                                     "frame a snapshot"));
    if (piece.GetDataSize() < kPieceBytes) return {};
    const Status written = Write(piece, "stage a metadata snapshot");
    piece.Clear();
    return written;
  };
  GNEISS_RETURN_IF_ERROR(source(stage));
  if (piece.Count() != 0) GNEISS_RETURN_IF_ERROR(Write(piece, "stage a metadata snapshot"));
  return next.index;
}

Status RocksMetadataLog::SwitchTo(const format::MetadataSnapshot& snapshot, Offset before) {
  rocksdb::WriteBatch batch;
  GNEISS_RETURN_IF_ERROR(
      FromRocks(batch.Put(format::MetadataSnapshotKey(), format::EncodeMetadataSnapshot(snapshot)),
                "frame a snapshot"));
  GNEISS_RETURN_IF_ERROR(FromRocks(
      batch.DeleteRange(format::MetadataRecordKey(before), format::MetadataRecordKey(snapshot.end)),
      "frame the end of old metadata"));
  GNEISS_RETURN_IF_ERROR(FromRocks(batch.DeleteRange(RecordsOf(before), RecordsOf(before + 1)),
                                   "frame the end of an old snapshot"));
  GNEISS_RETURN_IF_ERROR(Write(batch, "switch to a metadata snapshot"));
  snapshot_end_ = snapshot.end;
  return {};
}

// RocksDB would wait for more files before it looks at what was deleted.
void RocksMetadataLog::GiveBackSpace() {
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;
  const rocksdb::Status compacted = database_->db().CompactRange(options, nullptr, nullptr);
  LOG_IF(WARNING, !compacted.ok())
      << "metadata log: space is given back later error=" << compacted.ToString();
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
