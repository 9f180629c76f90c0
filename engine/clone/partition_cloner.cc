// SPDX-License-Identifier: Apache-2.0
#include "engine/clone/partition_cloner.h"

#include <glog/logging.h>
#include <rocksdb/utilities/checkpoint.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "engine/clone/pending_clones.h"
#include "engine/fault_point.h"
#include "engine/rocks_status.h"
#include "protocol/records/record_batch.h"

namespace gneiss::engine {
namespace {

namespace fs = std::filesystem;
using format::FactKind;

constexpr Offset kEndless{std::numeric_limits<std::int64_t>::max()};

// What is read of the source is of one moment: RocksDB writes a batch and its facts as a whole.
class Moment {
 public:
  explicit Moment(rocksdb::DB& db) : db_(db), snapshot_(db.GetSnapshot()) {
    options_.snapshot = snapshot_;
  }
  ~Moment() { db_.ReleaseSnapshot(snapshot_); }
  Moment(const Moment&) = delete;
  Moment& operator=(const Moment&) = delete;

  std::unique_ptr<rocksdb::Iterator> Iterate(const Family& family) const {
    return std::unique_ptr<rocksdb::Iterator>(db_.NewIterator(options_, family.handle()));
  }

 private:
  rocksdb::DB& db_;
  const rocksdb::Snapshot* const snapshot_;
  rocksdb::ReadOptions options_;
};

// The source at that moment.
struct Source {
  struct Fact {
    std::string key;
    std::string value;
  };
  std::vector<Fact> facts;
  Offset log_start;
  Offset end;
  Offset last_stable;
  Offset transactions_end;  // no transaction that is known of has anything at or above it
};

Status TakeFact(const format::FactKey& key, std::string_view value, Source& source) {
  switch (key.kind) {
    case FactKind::kLogStart: {
      GNEISS_ASSIGN_OR_RETURN(const format::LogStart start, format::DecodeLogStart(value));
      source.log_start = start.offset;
      return {};
    }
    case FactKind::kProducer: {
      GNEISS_ASSIGN_OR_RETURN(const format::ProducerFact fact, format::DecodeProducer(value));
      if (fact.txn_first_offset != kNoOffset) {
        source.last_stable = std::min(source.last_stable, fact.txn_first_offset);
      }
      // It may have had any number of transactions, anywhere: only where they ended is on record,
      // and of those that were committed not even that.
      if (fact.txn_first_offset != kNoOffset || fact.coordinator_epoch >= 0) {
        source.transactions_end = kEndless;
      }
      return {};
    }
    case FactKind::kAbortedTransaction: {
      GNEISS_ASSIGN_OR_RETURN(const auto aborted, format::DecodeAbortedTxn(key.rest, value));
      source.transactions_end = std::max(source.transactions_end, aborted.last_offset + 1);
      return {};
    }
    case FactKind::kCheckpoint:
    case FactKind::kLeaderEpoch:
    case FactKind::kFirstDirty:
      return {};
  }
  return Fail(Errc::kUnsupportedVersion, "fact kind " + std::to_string(static_cast<int>(key.kind)));
}

Result<Source> ReadSource(const Moment& moment, const Store& store, const Family& family,
                          const format::PartitionRef& ref) {
  Source source;
  source.last_stable = kEndless;
  const std::string prefix = format::PartitionPrefix(ref);
  const auto facts = moment.Iterate(store.state());
  for (facts->Seek(prefix); facts->Valid() && facts->key().starts_with(prefix); facts->Next()) {
    GNEISS_ASSIGN_OR_RETURN(const format::FactKey key, format::DecodeFactKey(ToText(facts->key())));
    GNEISS_RETURN_IF_ERROR(TakeFact(key, ToText(facts->value()), source));
    source.facts.push_back({facts->key().ToString(), facts->value().ToString()});
  }
  GNEISS_RETURN_IF_ERROR(FromRocks(facts->status(), "read the facts of " + family.name()));
  const auto batches = moment.Iterate(family);
  batches->SeekToLast();
  GNEISS_RETURN_IF_ERROR(FromRocks(batches->status(), "find the end of " + family.name()));
  source.end = source.log_start;
  if (batches->Valid()) {
    GNEISS_ASSIGN_OR_RETURN(const Offset last, format::DecodeBatchKey(ToText(batches->key())));
    source.end = std::max(source.end, last + 1);
  }
  source.last_stable = std::min(source.last_stable, source.end);
  return source;
}

// The point as an offset, not beyond the last stable one.
Result<Offset> Resolve(const ClonePoint& at, const Source& source, const PartitionLog& log) {
  Offset end = source.last_stable;
  switch (at.kind) {
    case ClonePoint::Kind::kLatest:
      break;
    case ClonePoint::Kind::kOffset:
      end = std::min(end, Offset(at.value));
      break;
    case ClonePoint::Kind::kTimestamp: {
      GNEISS_ASSIGN_OR_RETURN(const auto found, log.FindTimestamp(at.value, source.end));
      if (found) end = std::min(end, found->offset);
      break;
    }
  }
  if (end < source.log_start) {
    return Fail(Errc::kOutOfRange, log.topic_partition().ToString() + " begins at offset " +
                                       std::to_string(source.log_start.value()) + ".");
  }
  if (end < source.last_stable && end < source.transactions_end) {
    return Fail(Errc::kInvalidArgument,
                log.topic_partition().ToString() +
                    " holds transactions, of which an earlier point could cut one in two: only "
                    "its latest state can be cloned.");
  }
  return end;
}

// The border between batches at or before `end`.
Result<Offset> BorderAt(const Moment& moment, const Family& family, Offset end) {
  const auto it = moment.Iterate(family);
  const format::BatchKey key = format::EncodeBatchKey(end);
  it->Seek(rocksdb::Slice(key.data(), key.size()));
  GNEISS_RETURN_IF_ERROR(FromRocks(it->status(), "look for a border in " + family.name()));
  if (!it->Valid()) return end;
  GNEISS_ASSIGN_OR_RETURN(const auto batch, records::RecordBatchView::Parse(ToBytes(it->value())));
  return std::min(end, batch.header().base_offset);
}

// A producer as it would be had the log ended at `end`: its newest batches may be cut off. Of one
// that has none left nothing is known any more, as of one that has not written for a day.
std::optional<std::string> ProducerAt(const std::string& value, Offset end, bool whole) {
  if (whole) return value;
  Result<format::ProducerFact> fact = format::DecodeProducer(value);
  if (!fact) return std::nullopt;
  std::erase_if(fact->batches, [&](const auto& batch) { return batch.last_offset >= end; });
  if (fact->batches.empty()) return std::nullopt;
  fact->txn_first_offset = kNoOffset;
  return format::EncodeProducer(*fact);
}

// The fact as the clone has it; nothing: it does not.
Result<std::optional<std::string>> FactAt(const format::FactKey& key, const std::string& value,
                                          Offset end, bool whole) {
  switch (key.kind) {
    case FactKind::kLogStart:
      return value;
    case FactKind::kCheckpoint:
      return std::nullopt;  // of a shutdown that the clone has not seen
    case FactKind::kProducer:
      return ProducerAt(value, end, whole);
    case FactKind::kLeaderEpoch: {
      GNEISS_ASSIGN_OR_RETURN(const auto start, format::DecodeEpochStart(key.rest, value));
      return start.start_offset < end ? std::optional(value) : std::nullopt;
    }
    case FactKind::kAbortedTransaction: {
      GNEISS_ASSIGN_OR_RETURN(const auto aborted, format::DecodeAbortedTxn(key.rest, value));
      return aborted.last_offset < end ? std::optional(value) : std::nullopt;
    }
    case FactKind::kFirstDirty: {
      GNEISS_ASSIGN_OR_RETURN(const Offset first_dirty, format::DecodeFirstDirty(value));
      return format::EncodeFirstDirty(std::min(first_dirty, end));
    }
  }
  return Fail(Errc::kUnsupportedVersion, "fact kind " + std::to_string(static_cast<int>(key.kind)));
}

Result<std::vector<format::StateFact>> FactsOfClone(const Source& source, Offset end,
                                                    const format::PartitionRef& target) {
  std::vector<format::StateFact> facts;
  const std::string prefix = format::PartitionPrefix(target);
  for (const Source::Fact& fact : source.facts) {
    GNEISS_ASSIGN_OR_RETURN(const format::FactKey key, format::DecodeFactKey(fact.key));
    GNEISS_ASSIGN_OR_RETURN(std::optional<std::string> value,
                            FactAt(key, fact.value, end, end == source.end));
    if (value) facts.push_back({prefix + fact.key.substr(prefix.size()), std::move(value)});
  }
  return facts;
}

// The files of a family, linked into a directory beside it; gone with the object.
class ExportedFamily {
 public:
  static Result<std::unique_ptr<ExportedFamily>> Of(const Store& store, const Family& family) {
    std::unique_ptr<ExportedFamily> exported(new ExportedFamily(store.path() / kCloneDirectory));
    exported->Remove();  // what a killed process left
    rocksdb::Checkpoint* checkpoint = nullptr;
    GNEISS_RETURN_IF_ERROR(
        FromRocks(rocksdb::Checkpoint::Create(&store.db(), &checkpoint), "prepare a clone"));
    const std::unique_ptr<rocksdb::Checkpoint> owner(checkpoint);
    rocksdb::ExportImportFilesMetaData* files = nullptr;
    const rocksdb::Status status =
        checkpoint->ExportColumnFamily(family.handle(), exported->directory_.string(), &files);
    exported->files_.reset(files);
    GNEISS_RETURN_IF_ERROR(FromRocks(status, "link the files of " + family.name()));
    GNEISS_FAULT_POINT("clone.exported");
    return exported;
  }
  ~ExportedFamily() { Remove(); }
  ExportedFamily(const ExportedFamily&) = delete;
  ExportedFamily& operator=(const ExportedFamily&) = delete;

  const rocksdb::ExportImportFilesMetaData& files() const { return *files_; }

  // Leaves out the files that hold nothing below `key`.
  void LeaveOutFrom(const format::BatchKey& key) {
    const rocksdb::Slice from(key.data(), key.size());
    std::erase_if(files_->files, [&](const rocksdb::LiveFileMetaData& file) {
      return rocksdb::Slice(file.smallestkey).compare(from) >= 0;
    });
  }
  bool ReachesTo(const format::BatchKey& key) const {
    const rocksdb::Slice from(key.data(), key.size());
    return std::ranges::any_of(files_->files, [&](const rocksdb::LiveFileMetaData& file) {
      return rocksdb::Slice(file.largestkey).compare(from) >= 0;
    });
  }

 private:
  explicit ExportedFamily(fs::path directory) : directory_(std::move(directory)) {}

  void Remove() const {
    std::error_code error;
    fs::remove_all(directory_, error);
    LOG_IF(WARNING, error) << "cannot remove path=" << directory_.string()
                           << " error=" << error.message();
  }

  const fs::path directory_;
  std::unique_ptr<rocksdb::ExportImportFilesMetaData> files_;
};

// Writes the file that the cut goes through anew. As it is it tells of offsets, times and bytes
// that the clone does not have: retention and lookups by time would take them for what comes there.
Status RewriteAtCut(const Family& family, const format::BatchKey& key) {
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kSkip;
  const rocksdb::Slice from(key.data(), key.size());
  return FromRocks(family.db().CompactRange(options, family.handle(), &from, nullptr),
                   "cut the files of " + family.name());
}

}  // namespace

Status ClonePartition(Store& store, const PartitionLog& source, const PartitionToClone& clone) {
  const format::PartitionRef from{clone.source_id, clone.source.partition};
  const format::PartitionRef to{clone.target_id, clone.target.partition};
  const std::shared_ptr<Family> family = store.FindFamily(from);
  if (family == nullptr) return {};  // nothing was ever written to it
  Commit commit;
  format::BatchKey end_key;
  {
    const Moment moment(store.db());
    GNEISS_ASSIGN_OR_RETURN(const Source read, ReadSource(moment, store, *family, from));
    GNEISS_ASSIGN_OR_RETURN(const Offset point, Resolve(clone.at, read, source));
    GNEISS_ASSIGN_OR_RETURN(Offset end, BorderAt(moment, *family, point));
    end = std::max(end, read.log_start);
    GNEISS_ASSIGN_OR_RETURN(commit.facts, FactsOfClone(read, end, to));
    end_key = format::EncodeBatchKey(end);
  }
  GNEISS_ASSIGN_OR_RETURN(const auto exported, ExportedFamily::Of(store, *family));
  exported->LeaveOutFrom(end_key);
  GNEISS_ASSIGN_OR_RETURN(const std::shared_ptr<Family> made,
                          store.ImportFamily(clone.target, clone.target_id, exported->files()));
  if (exported->ReachesTo(end_key)) commit.cut = Commit::Cut{.family = made, .from = end_key};
  const bool is_cut = commit.cut.has_value();
  commit.facts.push_back(Store::BindingFact(*made, to));
  commit.sync = true;
  GNEISS_RETURN_IF_ERROR(CommitAndWait(store.committer(), std::move(commit)));
  GNEISS_FAULT_POINT("clone.bound");
  if (!is_cut) return {};
  GNEISS_RETURN_IF_ERROR(RewriteAtCut(*made, end_key));
  GNEISS_FAULT_POINT("clone.cut");
  return {};
}

}  // namespace gneiss::engine
