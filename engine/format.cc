// SPDX-License-Identifier: Apache-2.0
#include "engine/format.h"

#include <charconv>
#include <cstring>
#include <utility>

#include "protocol/base/big_endian.h"
#include "protocol/records/varint.h"

namespace gneiss::engine::format {
namespace {

// The version byte in front of each value of the state family, and of placements. Kinds that change
// get a higher one of their own. ON DISK: never renumber.
constexpr std::uint8_t kValueVersion = 1;
constexpr std::uint8_t kLogStartVersion = 2;  // 1 had the offset alone

constexpr std::string_view kStorePrefix = "store-";
constexpr std::size_t kUuidBytes = 16;
constexpr std::size_t kFactKeyBytes = 1 + kUuidBytes + 4 + 1;

template <class Int>
void Put(std::string& out, Int value) {
  char bytes[sizeof(Int)];
  StoreBigEndian(bytes, value);
  out.append(bytes, sizeof bytes);
}

void PutUuid(std::string& out, const Uuid& id) {
  out.append(reinterpret_cast<const char*>(id.bytes.data()), kUuidBytes);
}

std::string NewValue(std::size_t size_hint = 24) {
  std::string out;
  out.reserve(size_hint);
  Put(out, kValueVersion);
  return out;
}

// ValueReader takes a value apart from the front. After a read past the end every further read
// gives zero and Finish() tells.
class ValueReader {
 public:
  explicit ValueReader(std::string_view bytes)
      : at_(reinterpret_cast<const std::byte*>(bytes.data())), end_(at_ + bytes.size()) {}

  template <class Int>
  Int Read() {
    Int value = 0;
    if (at_ == nullptr || static_cast<std::size_t>(end_ - at_) < sizeof(Int)) {
      at_ = nullptr;
      return value;
    }
    value = LoadBigEndian<Int>(at_);
    at_ += sizeof(Int);
    return value;
  }

  std::int64_t ReadVarlong() {
    std::int64_t value = 0;
    if (at_ != nullptr) at_ = records::ReadVarlong(at_, end_, value);
    return at_ != nullptr ? value : 0;
  }

  Uuid ReadUuid() {
    Uuid id;
    for (std::uint8_t& byte : id.bytes) byte = Read<std::uint8_t>();
    return id;
  }

  // Takes the version byte.
  Result<std::uint8_t> ReadVersion(const char* what, std::uint8_t newest = kValueVersion) {
    const auto version = Read<std::uint8_t>();
    if (at_ == nullptr || version == 0) return Fail(Errc::kCorrupt, std::string(what) + ": empty");
    if (version > newest) {
      return Fail(Errc::kUnsupportedVersion,
                  std::string(what) + ": version " + std::to_string(version));
    }
    return version;
  }

  bool HasMore() const { return at_ != nullptr && at_ != end_; }

  // OK when everything was there and nothing is left.
  Status Finish(const char* what) const {
    if (at_ == nullptr) return Fail(Errc::kCorrupt, std::string(what) + ": cut short");
    if (at_ != end_) return Fail(Errc::kCorrupt, std::string(what) + ": bytes left over");
    return {};
  }

 private:
  const std::byte* at_;  // nullptr after a read past the end
  const std::byte* end_;
};

std::string FactKeyOf(const PartitionRef& ref, FactKind kind, std::size_t rest_bytes = 0) {
  std::string key;
  key.reserve(kFactKeyBytes + rest_bytes);
  Put(key, static_cast<std::uint8_t>(KeySpace::kPartition));
  PutUuid(key, ref.topic_id);
  Put(key, ref.partition.value());
  Put(key, static_cast<std::uint8_t>(kind));
  return key;
}

// Wraps: timestamps are the client's and may be anything.
std::int64_t Difference(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

// Values that are one offset.
std::string EncodeOffset(Offset offset) {
  std::string out = NewValue(9);
  Put(out, offset.value());
  return out;
}

Result<Offset> DecodeOffset(std::string_view value, const char* what) {
  ValueReader in(value);
  GNEISS_RETURN_IF_ERROR(in.ReadVersion(what));
  const Offset offset(in.Read<std::int64_t>());
  GNEISS_RETURN_IF_ERROR(in.Finish(what));
  return offset;
}

}  // namespace

std::filesystem::path SnapshotDataDir(const std::filesystem::path& snapshot, std::size_t index) {
  if (index == 0) return snapshot;
  const std::string number = std::to_string(index);
  return snapshot / ((index < 10 ? "log-dir-0" : "log-dir-") + number);
}

std::string FormatFileText(int format) {
  return "gneiss data directory, format " + std::to_string(format) + "\n";
}

Result<int> ParseFormatFile(std::string_view text) {
  constexpr std::string_view kStart = "gneiss data directory, format ";
  int format = 0;
  if (text.starts_with(kStart)) {
    const std::string_view number = text.substr(kStart.size());
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), format);
    if (error == std::errc() && format > 0 && end != number.data() + number.size() &&
        *end == '\n') {
      return format;
    }
  }
  return Fail(Errc::kCorrupt, "not a FORMAT file of gneiss");
}

std::string DirectoryIdText(const Uuid& id) { return id.ToString() + "\n"; }

Result<Uuid> ParseDirectoryId(std::string_view text) {
  if (!text.ends_with('\n')) return Fail(Errc::kCorrupt, "not a DIRECTORY_ID file of gneiss");
  return Uuid::Parse(text.substr(0, text.size() - 1));
}

std::string StoreDirectory(int store) {
  const std::string number = std::to_string(store);
  return std::string(kStorePrefix) + (number.size() < 2 ? "0" : "") + number;
}

std::optional<int> ParseStoreDirectory(std::string_view name) {
  if (!name.starts_with(kStorePrefix)) return std::nullopt;
  const std::string_view digits = name.substr(kStorePrefix.size());
  int store = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), store);
  if (error != std::errc() || store < 0 || StoreDirectory(store) != name) return std::nullopt;
  return store;
}

BatchKey EncodeBatchKey(Offset last_offset) {
  BatchKey key;
  StoreBigEndian(key.data(), last_offset.value());
  return key;
}

Result<Offset> DecodeBatchKey(std::string_view key) {
  if (key.size() != sizeof(BatchKey)) return Fail(Errc::kCorrupt, "batch key: wrong length");
  return Offset(LoadBigEndian<std::int64_t>(key.data()));
}

std::string FamilyName(const TopicPartition& tp) { return tp.ToString(); }

std::string FamilyName(const TopicPartition& tp, const Uuid& topic_id) {
  return tp.ToString() + "@" + topic_id.ToString();
}

std::string BindingKey(std::string_view family_name) {
  std::string key;
  key.reserve(1 + family_name.size());
  Put(key, static_cast<std::uint8_t>(KeySpace::kBinding));
  key.append(family_name);
  return key;
}

std::string EncodeBinding(const Binding& binding) {
  std::string out = NewValue();
  PutUuid(out, binding.partition.topic_id);
  Put(out, binding.partition.partition.value());
  Put(out, binding.family_id);
  return out;
}

Result<Binding> DecodeBinding(std::string_view value) {
  ValueReader in(value);
  GNEISS_RETURN_IF_ERROR(in.ReadVersion("binding"));
  Binding binding;
  binding.partition.topic_id = in.ReadUuid();
  binding.partition.partition = PartitionId(in.Read<std::int32_t>());
  binding.family_id = in.Read<std::uint32_t>();
  GNEISS_RETURN_IF_ERROR(in.Finish("binding"));
  return binding;
}

std::string PendingClonesBegin() { return {static_cast<char>(KeySpace::kPendingClone)}; }

std::string PendingCloneKey(const PartitionRef& ref) {
  std::string key = PendingClonesBegin();
  PutUuid(key, ref.topic_id);
  Put(key, ref.partition.value());
  return key;
}

Result<PartitionRef> DecodePendingCloneKey(std::string_view key) {
  ValueReader in(key);
  const auto space = in.Read<std::uint8_t>();
  PartitionRef ref;
  ref.topic_id = in.ReadUuid();
  ref.partition = PartitionId(in.Read<std::int32_t>());
  GNEISS_RETURN_IF_ERROR(in.Finish("pending clone key"));
  if (space != static_cast<std::uint8_t>(KeySpace::kPendingClone)) {
    return Fail(Errc::kCorrupt, "pending clone key: wrong key space");
  }
  return ref;
}

std::string EncodePendingClone(std::string_view family_name) {
  return NewValue().append(family_name);
}

Result<std::string> DecodePendingClone(std::string_view value) {
  ValueReader in(value.substr(0, 1));
  GNEISS_RETURN_IF_ERROR(in.ReadVersion("pending clone"));
  return std::string(value.substr(1));
}

std::string PartitionPrefix(const PartitionRef& ref) {
  std::string key = FactKeyOf(ref, FactKind::kLogStart);
  key.pop_back();  // the kind
  return key;
}

std::string PrefixEnd(std::string prefix) {
  // The next string of this length; a prefix of nothing but 0xff does not occur (key spaces).
  while (!prefix.empty() && static_cast<std::uint8_t>(prefix.back()) == 0xff) prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

Result<FactKey> DecodeFactKey(std::string_view key) {
  ValueReader in(key.substr(0, kFactKeyBytes));
  const auto space = in.Read<std::uint8_t>();
  FactKey fact;
  fact.partition.topic_id = in.ReadUuid();
  fact.partition.partition = PartitionId(in.Read<std::int32_t>());
  fact.kind = static_cast<FactKind>(in.Read<std::uint8_t>());
  GNEISS_RETURN_IF_ERROR(in.Finish("fact key"));
  if (space != static_cast<std::uint8_t>(KeySpace::kPartition)) {
    return Fail(Errc::kCorrupt, "fact key: wrong key space");
  }
  fact.rest = key.substr(kFactKeyBytes);
  return fact;
}

std::string LogStartKey(const PartitionRef& ref) { return FactKeyOf(ref, FactKind::kLogStart); }

std::string EncodeLogStart(const LogStart& log_start) {
  std::string out;
  Put(out, kLogStartVersion);
  Put(out, log_start.offset.value());
  Put(out, static_cast<std::uint8_t>(log_start.reason));
  Put(out, log_start.moved_at);
  return out;
}

Result<LogStart> DecodeLogStart(std::string_view value) {
  constexpr char kWhat[] = "log start";
  ValueReader in(value);
  LogStart log_start;
  GNEISS_ASSIGN_OR_RETURN(const std::uint8_t version, in.ReadVersion(kWhat, kLogStartVersion));
  log_start.offset = Offset(in.Read<std::int64_t>());
  if (version >= 2) {
    const auto reason = in.Read<std::uint8_t>();
    log_start.moved_at = in.Read<std::int64_t>();
    if (reason > static_cast<std::uint8_t>(LogStartReason::kMissing)) {
      return Fail(Errc::kCorrupt, "log start: reason " + std::to_string(reason));
    }
    log_start.reason = static_cast<LogStartReason>(reason);
  } else {
    log_start.reason = LogStartReason::kDeleteRecords;  // all that version 1 knew
  }
  GNEISS_RETURN_IF_ERROR(in.Finish(kWhat));
  return log_start;
}

std::string CheckpointKey(const PartitionRef& ref) { return FactKeyOf(ref, FactKind::kCheckpoint); }

std::string EncodeCheckpoint(const Checkpoint& checkpoint) {
  std::string out = NewValue();
  Put(out, checkpoint.log_end.value());
  Put(out, checkpoint.high_watermark.value());
  return out;
}

Result<Checkpoint> DecodeCheckpoint(std::string_view value) {
  ValueReader in(value);
  GNEISS_RETURN_IF_ERROR(in.ReadVersion("checkpoint"));
  Checkpoint checkpoint;
  checkpoint.log_end = Offset(in.Read<std::int64_t>());
  checkpoint.high_watermark = Offset(in.Read<std::int64_t>());
  GNEISS_RETURN_IF_ERROR(in.Finish("checkpoint"));
  return checkpoint;
}

std::string LeaderEpochKey(const PartitionRef& ref, LeaderEpoch epoch) {
  std::string key = FactKeyOf(ref, FactKind::kLeaderEpoch, sizeof(std::int32_t));
  Put(key, epoch.value());
  return key;
}

std::string EncodeEpochStart(Offset start_offset) { return EncodeOffset(start_offset); }

Result<EpochStart> DecodeEpochStart(std::string_view key_rest, std::string_view value) {
  ValueReader in(key_rest);
  EpochStart start;
  start.epoch = LeaderEpoch(in.Read<std::int32_t>());
  GNEISS_RETURN_IF_ERROR(in.Finish("leader epoch key"));
  GNEISS_ASSIGN_OR_RETURN(start.start_offset, DecodeOffset(value, "leader epoch"));
  return start;
}

std::string ProducerKey(const PartitionRef& ref, ProducerId id) {
  std::string key = FactKeyOf(ref, FactKind::kProducer, sizeof(std::int64_t));
  Put(key, id.value());
  return key;
}

std::string EncodeProducer(const ProducerFact& fact) {
  std::string out = NewValue(80);
  Put(out, fact.epoch);
  records::AppendVarint(out, fact.coordinator_epoch);
  records::AppendVarint(out, fact.txn_first_offset.value());
  records::AppendVarint(out, fact.last_update);
  records::AppendVarint(out, fact.last_timestamp);
  Put(out, static_cast<std::uint8_t>(fact.batches.size()));
  KeptBatch previous{.last_sequence = 0, .offset_delta = 0, .last_offset = {}, .timestamp = 0};
  for (const KeptBatch& batch : fact.batches) {  // as differences: small numbers, few bytes
    records::AppendVarint(out, std::int64_t{batch.last_sequence} - previous.last_sequence);
    records::AppendVarint(out, batch.offset_delta);
    records::AppendVarint(out, batch.last_offset - previous.last_offset);
    records::AppendVarint(out, Difference(batch.timestamp, previous.timestamp));
    previous = batch;
  }
  return out;
}

Result<ProducerId> DecodeProducerKey(std::string_view key_rest) {
  ValueReader in(key_rest);
  const ProducerId id(in.Read<std::int64_t>());
  GNEISS_RETURN_IF_ERROR(in.Finish("producer key"));
  return id;
}

Result<ProducerFact> DecodeProducer(std::string_view value) {
  ValueReader in(value);
  GNEISS_RETURN_IF_ERROR(in.ReadVersion("producer"));
  ProducerFact fact;
  fact.epoch = in.Read<std::int16_t>();
  fact.coordinator_epoch = static_cast<std::int32_t>(in.ReadVarlong());
  fact.txn_first_offset = Offset(in.ReadVarlong());
  fact.last_update = in.ReadVarlong();
  fact.last_timestamp = in.ReadVarlong();
  const auto count = in.Read<std::uint8_t>();
  if (count > kKeptBatches) return Fail(Errc::kCorrupt, "producer: too many batches");
  // The additions wrap: a damaged value must not be undefined behaviour.
  std::uint64_t sequence = 0, last_offset = 0, timestamp = 0;
  for (std::uint8_t i = 0; i < count; ++i) {
    KeptBatch batch;
    batch.last_sequence =
        static_cast<std::int32_t>(sequence += static_cast<std::uint64_t>(in.ReadVarlong()));
    batch.offset_delta = static_cast<std::int32_t>(in.ReadVarlong());
    last_offset += static_cast<std::uint64_t>(in.ReadVarlong());
    timestamp += static_cast<std::uint64_t>(in.ReadVarlong());
    batch.last_offset = Offset(static_cast<std::int64_t>(last_offset));
    batch.timestamp = static_cast<std::int64_t>(timestamp);
    fact.batches.push_back(batch);
  }
  GNEISS_RETURN_IF_ERROR(in.Finish("producer"));
  return fact;
}

std::string AbortedTxnKey(const PartitionRef& ref, Offset last_offset, ProducerId id) {
  std::string key = FactKeyOf(ref, FactKind::kAbortedTransaction, 2 * sizeof(std::int64_t));
  Put(key, last_offset.value());
  Put(key, id.value());
  return key;
}

std::string EncodeAbortedTxn(const AbortedTxn& txn) {
  std::string out = NewValue();
  Put(out, txn.first_offset.value());
  Put(out, txn.last_stable_offset.value());
  return out;
}

Result<AbortedTxn> DecodeAbortedTxn(std::string_view key_rest, std::string_view value) {
  ValueReader key(key_rest);
  AbortedTxn txn;
  txn.last_offset = Offset(key.Read<std::int64_t>());
  txn.producer_id = ProducerId(key.Read<std::int64_t>());
  GNEISS_RETURN_IF_ERROR(key.Finish("aborted transaction key"));
  ValueReader in(value);
  GNEISS_RETURN_IF_ERROR(in.ReadVersion("aborted transaction"));
  txn.first_offset = Offset(in.Read<std::int64_t>());
  txn.last_stable_offset = Offset(in.Read<std::int64_t>());
  GNEISS_RETURN_IF_ERROR(in.Finish("aborted transaction"));
  return txn;
}

std::string FirstDirtyKey(const PartitionRef& ref) { return FactKeyOf(ref, FactKind::kFirstDirty); }
std::string EncodeFirstDirty(Offset first_dirty) { return EncodeOffset(first_dirty); }
Result<Offset> DecodeFirstDirty(std::string_view value) {
  return DecodeOffset(value, "first dirty offset");
}

std::string EncodeTimeMarks(const std::vector<TimeMark>& marks) {
  std::string out = NewValue(16 + marks.size() * 6);
  TimeMark previous{.last_offset = Offset(0), .max_timestamp = 0};
  for (const TimeMark& mark : marks) {  // as differences: small numbers, few bytes
    records::AppendVarint(out, mark.last_offset - previous.last_offset);
    records::AppendVarint(out, Difference(mark.max_timestamp, previous.max_timestamp));
    previous = mark;
  }
  return out;
}

Result<std::vector<TimeMark>> DecodeTimeMarks(std::string_view value) {
  ValueReader in(value);
  GNEISS_RETURN_IF_ERROR(in.ReadVersion("time marks"));
  std::vector<TimeMark> marks;
  std::uint64_t last_offset = 0, timestamp = 0;
  while (in.HasMore()) {
    const Offset before(static_cast<std::int64_t>(last_offset));
    last_offset += static_cast<std::uint64_t>(in.ReadVarlong());
    timestamp += static_cast<std::uint64_t>(in.ReadVarlong());
    const TimeMark mark{Offset(static_cast<std::int64_t>(last_offset)),
                        static_cast<std::int64_t>(timestamp)};
    if (mark.last_offset < before || (mark.last_offset == before && !marks.empty())) {
      return Fail(Errc::kCorrupt, "time marks: out of order");
    }
    marks.push_back(mark);
  }
  GNEISS_RETURN_IF_ERROR(in.Finish("time marks"));
  return marks;
}

std::string MetadataRecordKey(Offset offset) {
  std::string key;
  Put(key, static_cast<std::uint8_t>(MetadataSpace::kRecord));
  Put(key, offset.value());
  return key;
}

Result<Offset> DecodeMetadataRecordKey(std::string_view key) {
  ValueReader in(key);
  const auto space = in.Read<std::uint8_t>();
  const Offset offset(in.Read<std::int64_t>());
  GNEISS_RETURN_IF_ERROR(in.Finish("metadata key"));
  if (space != static_cast<std::uint8_t>(MetadataSpace::kRecord)) {
    return Fail(Errc::kCorrupt, "metadata key: wrong key space");
  }
  return offset;
}

std::string MetadataSnapshotKey() { return {static_cast<char>(MetadataSpace::kSnapshot)}; }

std::string EncodeMetadataSnapshot(const MetadataSnapshot& snapshot) {
  std::string out = NewValue(16);
  Put(out, snapshot.end.value());
  Put(out, snapshot.records);
  return out;
}

Result<MetadataSnapshot> DecodeMetadataSnapshot(std::string_view value) {
  ValueReader in(value);
  GNEISS_RETURN_IF_ERROR(in.ReadVersion("metadata snapshot"));
  MetadataSnapshot snapshot;
  snapshot.end = Offset(in.Read<std::int64_t>());
  snapshot.records = in.Read<std::int64_t>();
  GNEISS_RETURN_IF_ERROR(in.Finish("metadata snapshot"));
  if (snapshot.end < Offset(0) || snapshot.records < 0) {
    return Fail(Errc::kCorrupt, "metadata snapshot: negative numbers");
  }
  return snapshot;
}

std::string MetadataSnapshotRecordsBegin() {
  return {static_cast<char>(MetadataSpace::kSnapshotRecord)};
}

std::string MetadataSnapshotRecordKey(const SnapshotRecordRef& ref) {
  std::string key = MetadataSnapshotRecordsBegin();
  Put(key, ref.snapshot_end.value());
  Put(key, ref.index);
  return key;
}

Result<SnapshotRecordRef> DecodeMetadataSnapshotRecordKey(std::string_view key) {
  ValueReader in(key);
  const auto space = in.Read<std::uint8_t>();
  SnapshotRecordRef ref;
  ref.snapshot_end = Offset(in.Read<std::int64_t>());
  ref.index = in.Read<std::int64_t>();
  GNEISS_RETURN_IF_ERROR(in.Finish("snapshot record key"));
  if (space != static_cast<std::uint8_t>(MetadataSpace::kSnapshotRecord)) {
    return Fail(Errc::kCorrupt, "snapshot record key: wrong key space");
  }
  return ref;
}

std::string MetadataPropertyKey(std::string_view name) {
  std::string key;
  key.reserve(1 + name.size());
  Put(key, static_cast<std::uint8_t>(MetadataSpace::kProperty));
  key.append(name);
  return key;
}

namespace {

std::string PartitionKeyOf(MetadataSpace space, const PartitionRef& ref) {
  std::string key;
  key.reserve(1 + kUuidBytes + 4);
  Put(key, static_cast<std::uint8_t>(space));
  PutUuid(key, ref.topic_id);
  Put(key, ref.partition.value());
  return key;
}

Result<PartitionRef> DecodePartitionKeyOf(MetadataSpace space, std::string_view key,
                                          const char* what) {
  ValueReader in(key);
  const auto found = in.Read<std::uint8_t>();
  PartitionRef ref;
  ref.topic_id = in.ReadUuid();
  ref.partition = PartitionId(in.Read<std::int32_t>());
  GNEISS_RETURN_IF_ERROR(in.Finish(what));
  if (found != static_cast<std::uint8_t>(space)) {
    return Fail(Errc::kCorrupt, std::string(what) + ": wrong key space");
  }
  return ref;
}

}  // namespace

std::string PlacementsBegin() { return {static_cast<char>(MetadataSpace::kPlacement)}; }

std::string PlacementKey(const PartitionRef& ref) {
  return PartitionKeyOf(MetadataSpace::kPlacement, ref);
}

Result<PartitionRef> DecodePlacementKey(std::string_view key) {
  return DecodePartitionKeyOf(MetadataSpace::kPlacement, key, "placement key");
}

std::string LogEndsBegin() { return {static_cast<char>(MetadataSpace::kLogEnd)}; }

std::string LogEndKey(const PartitionRef& ref) {
  return PartitionKeyOf(MetadataSpace::kLogEnd, ref);
}

Result<PartitionRef> DecodeLogEndKey(std::string_view key) {
  return DecodePartitionKeyOf(MetadataSpace::kLogEnd, key, "log end key");
}

std::string EncodeLogEnd(Offset log_end) { return EncodeOffset(log_end); }
Result<Offset> DecodeLogEnd(std::string_view value) { return DecodeOffset(value, "log end"); }

std::string EncodePlacement(const Placement& placement) {
  std::string out = NewValue();
  PutUuid(out, placement.directory_id);
  Put(out, placement.store);
  return out;
}

Result<Placement> DecodePlacement(std::string_view value) {
  ValueReader in(value);
  GNEISS_RETURN_IF_ERROR(in.ReadVersion("placement"));
  Placement placement;
  placement.directory_id = in.ReadUuid();
  placement.store = in.Read<std::int32_t>();
  GNEISS_RETURN_IF_ERROR(in.Finish("placement"));
  return placement;
}

}  // namespace gneiss::engine::format
