// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/partition_log.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/base/uuid.h"

// Every key and every value that the engine writes, and nothing else. docs/on-disk-format.md tells
// the same in prose with worked examples: the two change together.
//
// Integers in keys are big-endian, so that RocksDB's bytewise order is their order; offsets,
// partitions, epochs and producer ids in keys are never negative. Every value of the state family
// begins with a version byte. Decoding checks all lengths; what does not fit is kCorrupt, a version
// from the future kUnsupportedVersion.
namespace gneiss::engine::format {

// The layout of a data directory as a whole, kept as text in its FORMAT file. A directory with a
// higher number is refused. It rises when an older build would misread what a newer one wrote:
// 2 brought several stores, of which a build of 1 would serve the first and bring up the partitions
// of the others empty; 3 brought snapshots of the metadata, without which a build of 2 would find a
// cluster without topics. A directory of a lower format is taken over as it is.
inline constexpr int kDirectoryFormat = 3;
inline constexpr int kFirstFormatWithPlacements = 2;
inline constexpr char kFormatFile[] = "FORMAT";
inline constexpr char kReserveFile[] = "reserve";  // space kept for a full disk (disk_guard.h)
inline constexpr char kDirectoryIdFile[] = "DIRECTORY_ID";
inline constexpr char kMetadataDirectory[] = "metadata";
inline constexpr char kStateFamily[] = "state";

// What a data directory holds besides databases.
inline constexpr const char* kDirectoryFiles[] = {kDirectoryIdFile, kFormatFile};

// In a snapshot. Its first data directory is the snapshot itself; the others, when the broker had
// several, are DIR/log-dir-01 and so on.
inline constexpr char kSnapshotFile[] = "SNAPSHOT";
std::filesystem::path SnapshotDataDir(const std::filesystem::path& snapshot, std::size_t index);

std::string FormatFileText(int format);
// kCorrupt if the text is not that of a FORMAT file.
Result<int> ParseFormatFile(std::string_view text);

// DIRECTORY_ID: the id by which placements name this directory, wherever it is mounted.
std::string DirectoryIdText(const Uuid& id);
Result<Uuid> ParseDirectoryId(std::string_view text);

// The directory of a store: "store-00", "store-01", ... "store-100".
std::string StoreDirectory(int store);
std::optional<int> ParseStoreDirectory(std::string_view name);  // nothing: not a store's

// ---- Partition families: one record batch per key, the value exactly as it is served. ----

// The last offset of the batch, so that Seek(x) lands on the batch that holds x.
using BatchKey = std::array<char, 8>;
BatchKey EncodeBatchKey(Offset last_offset);
Result<Offset> DecodeBatchKey(std::string_view key);
inline constexpr char kBatchKeysEnd[] = "\xff";  // behind every key: offsets are not negative

// The family of "orders-0"; with the topic id behind an '@' (which no topic name can hold) when
// the plain name is taken by a removed topic's family.
std::string FamilyName(const TopicPartition& tp);
std::string FamilyName(const TopicPartition& tp, const Uuid& topic_id);

// ---- The state family: one key per fact. ----

// The first byte of a key. ON DISK: never renumber.
enum class KeySpace : std::uint8_t { kBinding = 1, kPartition = 2, kPendingClone = 3 };

// The byte behind topic id and partition. ON DISK: never renumber.
enum class FactKind : std::uint8_t {
  kLogStart = 1,
  kCheckpoint = 2,
  kLeaderEpoch = 3,         // one key per epoch
  kProducer = 4,            // one key per producer id
  kAbortedTransaction = 5,  // one key per abort marker
  kFirstDirty = 6,
};

// Whose family it is. The topic's name is not proof: a topic may be deleted and made again.
struct PartitionRef {
  Uuid topic_id;
  PartitionId partition;
  auto operator<=>(const PartitionRef&) const = default;
};

// A write to the state family; without a value it deletes the key.
struct StateFact {
  std::string key;
  std::optional<std::string> value;
};

// binding: family name -> partition. Written with the first batch of the family.
struct Binding {
  PartitionRef partition;
  std::uint32_t family_id =
      0;  // RocksDB's; another one means that the binding is of a dropped family
  bool operator==(const Binding&) const = default;
};
std::string BindingKey(std::string_view family_name);
std::string EncodeBinding(const Binding& binding);
Result<Binding> DecodeBinding(std::string_view value);

// pending clone: a partition that is being made out of another one -> the name of its family. From
// before the family is there until the metadata has the topic.
std::string PendingClonesBegin();  // all keys of pending clones begin with this
std::string PendingCloneKey(const PartitionRef& ref);
Result<PartitionRef> DecodePendingCloneKey(std::string_view key);
std::string EncodePendingClone(std::string_view family_name);
Result<std::string> DecodePendingClone(std::string_view value);

// All keys of one partition's facts begin with this; [prefix, PrefixEnd(prefix)) holds just them.
std::string PartitionPrefix(const PartitionRef& ref);
std::string PrefixEnd(std::string prefix);

// Fact is a decoded key of the partition space.
struct FactKey {
  PartitionRef partition;
  FactKind kind;
  std::string_view rest;  // behind the kind: a slice of the key
};
Result<FactKey> DecodeFactKey(std::string_view key);

// log start: the first visible offset, and how it came there. Without the key: 0.
struct LogStart {
  Offset offset;
  LogStartReason reason = LogStartReason::kBeginning;
  TimestampMs moved_at = kNoTimestamp;
  bool operator==(const LogStart&) const = default;
};
std::string LogStartKey(const PartitionRef& ref);
std::string EncodeLogStart(const LogStart& log_start);
Result<LogStart> DecodeLogStart(std::string_view value);

// checkpoint: where the log ended at a clean shutdown. A log that ends before it has lost records.
struct Checkpoint {
  Offset log_end;
  Offset high_watermark;
  bool operator==(const Checkpoint&) const = default;
};
std::string CheckpointKey(const PartitionRef& ref);
std::string EncodeCheckpoint(const Checkpoint& checkpoint);
Result<Checkpoint> DecodeCheckpoint(std::string_view value);

// leader epoch -> the first offset that was written in it.
struct EpochStart {
  LeaderEpoch epoch;
  Offset start_offset;
  bool operator==(const EpochStart&) const = default;
};
std::string LeaderEpochKey(const PartitionRef& ref, LeaderEpoch epoch);
std::string EncodeEpochStart(Offset start_offset);
Result<EpochStart> DecodeEpochStart(std::string_view key_rest, std::string_view value);

// producer id -> what decides about its next batch. At most kKeptBatches batches, newest first.
inline constexpr std::size_t kKeptBatches = 5;
struct KeptBatch {
  std::int32_t last_sequence = -1;
  std::int32_t offset_delta = 0;  // from the first to the last record; of sequences, too
  Offset last_offset;
  TimestampMs timestamp = kNoTimestamp;  // the greatest of its records
  bool operator==(const KeptBatch&) const = default;
};
struct ProducerFact {
  std::int16_t epoch = -1;
  std::int32_t coordinator_epoch = -1;
  Offset txn_first_offset = kNoOffset;     // of the open transaction
  TimestampMs last_update = kNoTimestamp;  // broker's clock: expiry counts from here
  TimestampMs last_timestamp = kNoTimestamp;
  std::vector<KeptBatch> batches;
  bool operator==(const ProducerFact&) const = default;
};
std::string ProducerKey(const PartitionRef& ref, ProducerId id);
std::string EncodeProducer(const ProducerFact& fact);
Result<ProducerId> DecodeProducerKey(std::string_view key_rest);
Result<ProducerFact> DecodeProducer(std::string_view value);

// abort marker -> the transaction that it ended.
struct AbortedTxn {
  Offset last_offset;  // of the marker
  ProducerId producer_id;
  Offset first_offset;
  Offset last_stable_offset;  // when the marker was written
  bool operator==(const AbortedTxn&) const = default;
};
std::string AbortedTxnKey(const PartitionRef& ref, Offset last_offset, ProducerId id);
std::string EncodeAbortedTxn(const AbortedTxn& txn);
Result<AbortedTxn> DecodeAbortedTxn(std::string_view key_rest, std::string_view value);

// first dirty: log compaction has been over everything below this offset. Without the key: nothing.
std::string FirstDirtyKey(const PartitionRef& ref);
std::string EncodeFirstDirty(Offset first_dirty);
Result<Offset> DecodeFirstDirty(std::string_view value);

// ---- Time marks: a property of each file of a partition. ----

// A run of batches: those behind the mark before, up to last_offset.
struct TimeMark {
  Offset last_offset;
  TimestampMs max_timestamp = kNoTimestamp;  // the greatest of the run
  bool operator==(const TimeMark&) const = default;
};
std::string EncodeTimeMarks(const std::vector<TimeMark>& marks);
// kCorrupt also where the offsets do not ascend.
Result<std::vector<TimeMark>> DecodeTimeMarks(std::string_view value);

// ---- The metadata store: properties by name, records by offset, placements by partition. ----

// The first byte of a key. ON DISK: never renumber.
enum class MetadataSpace : std::uint8_t {
  kProperty = 1,
  kRecord = 2,
  kPlacement = 3,
  kLogEnd = 4,
  kSnapshot = 5,
  kSnapshotRecord = 6,
};

std::string MetadataRecordKey(Offset offset);
Result<Offset> DecodeMetadataRecordKey(std::string_view key);

// snapshot: stands for all records below `end`, of which none is there any more. Without the key
// the log begins at 0.
struct MetadataSnapshot {
  Offset end;
  std::int64_t records = 0;
  bool operator==(const MetadataSnapshot&) const = default;
};
std::string MetadataSnapshotKey();
std::string EncodeMetadataSnapshot(const MetadataSnapshot& snapshot);
Result<MetadataSnapshot> DecodeMetadataSnapshot(std::string_view value);

// snapshot record: one of the snapshot that ends there, framed like those of the log. Those of
// another end than the snapshot's were staged by a broker that died.
struct SnapshotRecordRef {
  Offset snapshot_end;
  std::int64_t index = 0;
  bool operator==(const SnapshotRecordRef&) const = default;
};
std::string MetadataSnapshotRecordsBegin();  // all keys of snapshot records begin with this
std::string MetadataSnapshotRecordKey(const SnapshotRecordRef& ref);
Result<SnapshotRecordRef> DecodeMetadataSnapshotRecordKey(std::string_view key);
std::string MetadataPropertyKey(std::string_view name);

// placement: in which store the partition has its family, or is about to have it. Outside of that
// store, so that its partitions are known when it cannot be opened.
struct Placement {
  Uuid directory_id;
  std::int32_t store = 0;
  auto operator<=>(const Placement&) const = default;
};
std::string PlacementsBegin();  // all placement keys begin with this
std::string PlacementKey(const PartitionRef& ref);
Result<PartitionRef> DecodePlacementKey(std::string_view key);
std::string EncodePlacement(const Placement& placement);
Result<Placement> DecodePlacement(std::string_view value);

// log end: where the partition's log has ended at least, written every few seconds. A log that ends
// before it has lost records.
std::string LogEndsBegin();  // all keys of log ends begin with this
std::string LogEndKey(const PartitionRef& ref);
Result<PartitionRef> DecodeLogEndKey(std::string_view key);
std::string EncodeLogEnd(Offset log_end);
Result<Offset> DecodeLogEnd(std::string_view value);

}  // namespace gneiss::engine::format
