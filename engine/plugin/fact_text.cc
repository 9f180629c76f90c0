// SPDX-License-Identifier: Apache-2.0
#include "engine/plugin/fact_text.h"

#include <algorithm>
#include <functional>

#include "engine/format.h"
#include "engine/plugin/batch_text.h"
#include "protocol/base/shared_bytes.h"

namespace gneiss::engine {
namespace {

using format::FactKey;
using format::FactKind;

std::string OffsetText(Offset offset) { return std::to_string(offset.value()); }

bool IsName(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

// Bindings and metadata properties: 0x01 and a name. No offset is so great that its key looks so.
std::optional<std::string_view> NameIn(std::string_view key) {
  static_assert(static_cast<int>(format::KeySpace::kBinding) ==
                static_cast<int>(format::MetadataSpace::kProperty));
  if (key.empty() || key[0] != static_cast<char>(format::KeySpace::kBinding)) return std::nullopt;
  const std::string_view name = key.substr(1);
  return IsName(name) ? std::optional(name) : std::nullopt;
}

std::string PartitionText(const format::PartitionRef& ref) {
  return "topic_id=" + ref.topic_id.ToString() +
         " partition=" + std::to_string(ref.partition.value());
}

template <class T>
std::string Words(const Result<T>& decoded, const std::function<std::string(const T&)>& words) {
  return decoded ? words(*decoded) : "DAMAGED: " + decoded.error().detail;
}

std::string FactKeyText(const FactKey& key) {
  const std::string partition = PartitionText(key.partition);
  switch (key.kind) {
    case FactKind::kLogStart:
      return partition + " log-start";
    case FactKind::kCheckpoint:
      return partition + " checkpoint";
    case FactKind::kFirstDirty:
      return partition + " first-dirty";
    case FactKind::kLeaderEpoch: {
      const auto start = format::DecodeEpochStart(key.rest, format::EncodeEpochStart(Offset(0)));
      return partition + " leader-epoch=" + Words<format::EpochStart>(start, [](const auto& epoch) {
               return std::to_string(epoch.epoch.value());
             });
    }
    case FactKind::kProducer:
      return partition + " producer=" +
             Words<ProducerId>(format::DecodeProducerKey(key.rest),
                               [](ProducerId id) { return std::to_string(id.value()); });
    case FactKind::kAbortedTransaction: {
      const auto txn = format::DecodeAbortedTxn(key.rest, format::EncodeAbortedTxn({}));
      return partition + " aborted-transaction " +
             Words<format::AbortedTxn>(txn, [](const auto& aborted) {
               return "marker=" + OffsetText(aborted.last_offset) +
                      " producer=" + std::to_string(aborted.producer_id.value());
             });
    }
  }
  return partition + " kind=" + std::to_string(static_cast<int>(key.kind)) + " (unknown)";
}

std::string ProducerText(const format::ProducerFact& fact) {
  std::string text = "epoch=" + std::to_string(fact.epoch) +
                     " coordinator_epoch=" + std::to_string(fact.coordinator_epoch);
  text += fact.txn_first_offset == kNoOffset
              ? " no-open-transaction"
              : " open-transaction-from=" + OffsetText(fact.txn_first_offset);
  text += " last_update=" + TimeText(fact.last_update) +
          " last_time=" + TimeText(fact.last_timestamp) + " batches=[";
  bool first = true;
  for (const format::KeptBatch& batch : fact.batches) {
    if (!first) text += ", ";
    first = false;
    text += "offsets " + OffsetText(batch.last_offset - batch.offset_delta) + ".." +
            OffsetText(batch.last_offset) + " last_sequence " +
            std::to_string(batch.last_sequence) + " time " + TimeText(batch.timestamp);
  }
  return text + "]";
}

std::string FactText(const FactKey& key, std::string_view value) {
  switch (key.kind) {
    case FactKind::kLogStart:
      return Words<format::LogStart>(format::DecodeLogStart(value), [](const auto& start) {
        return OffsetText(start.offset) + " reason=" + ToText(start.reason) +
               " moved_at=" + TimeText(start.moved_at);
      });
    case FactKind::kCheckpoint:
      return Words<format::Checkpoint>(format::DecodeCheckpoint(value), [](const auto& checkpoint) {
        return "log_end=" + OffsetText(checkpoint.log_end) +
               " high_watermark=" + OffsetText(checkpoint.high_watermark);
      });
    case FactKind::kFirstDirty:
      return Words<Offset>(format::DecodeFirstDirty(value), OffsetText);
    case FactKind::kLeaderEpoch:
      return Words<format::EpochStart>(
          format::DecodeEpochStart(key.rest, value),
          [](const auto& epoch) { return "start=" + OffsetText(epoch.start_offset); });
    case FactKind::kProducer:
      return Words<format::ProducerFact>(format::DecodeProducer(value), ProducerText);
    case FactKind::kAbortedTransaction:
      return Words<format::AbortedTxn>(
          format::DecodeAbortedTxn(key.rest, value), [](const auto& txn) {
            return "first=" + OffsetText(txn.first_offset) +
                   " last_stable=" + OffsetText(txn.last_stable_offset);
          });
  }
  return QuotedText(value);
}

// Pending clones of the state family and placements of the metadata have keys alike. A store's
// number is small, so a placement has zeros in it, and a clone's value is a name.
std::optional<format::PartitionRef> PartitionIn(std::string_view key) {
  static_assert(static_cast<int>(format::KeySpace::kPendingClone) ==
                static_cast<int>(format::MetadataSpace::kPlacement));
  const auto partition = format::DecodePlacementKey(key);
  return partition ? std::optional(*partition) : std::nullopt;
}

std::string CloneOrPlacementText(std::string_view value) {
  const auto clone = format::DecodePendingClone(value);
  if (clone && IsName(*clone)) return "pending clone family=" + *clone;
  return Words<format::Placement>(format::DecodePlacement(value), [](const auto& placement) {
    return "placement directory_id=" + placement.directory_id.ToString() +
           " store=" + std::to_string(placement.store);
  });
}

}  // namespace

bool IsBatchKey(std::string_view key) {
  return key.size() == sizeof(format::BatchKey) && !NameIn(key);
}

std::optional<std::string> KeyText(std::string_view key) {
  if (IsBatchKey(key)) {
    const auto offset = format::DecodeBatchKey(key);
    return offset && offset->value() >= 0 ? std::optional("last_offset=" + OffsetText(*offset))
                                          : std::nullopt;
  }
  if (const auto name = NameIn(key)) return "name=" + std::string(*name);
  if (const auto record = format::DecodeMetadataRecordKey(key)) {
    return "metadata-record=" + OffsetText(*record);
  }
  if (key == format::MetadataSnapshotKey()) return "metadata-snapshot";
  if (const auto record = format::DecodeMetadataSnapshotRecordKey(key)) {
    return "metadata-snapshot-end=" + OffsetText(record->snapshot_end) +
           " record=" + std::to_string(record->index);
  }
  if (const auto partition = PartitionIn(key)) return PartitionText(*partition);
  if (const auto ended = format::DecodeLogEndKey(key)) return PartitionText(*ended) + " log-end";
  if (const auto fact = format::DecodeFactKey(key)) return FactKeyText(*fact);
  return std::nullopt;
}

std::optional<std::string> ValueText(std::string_view key, std::string_view value) {
  if (!KeyText(key)) return std::nullopt;
  if (IsBatchKey(key)) return BatchText(*format::DecodeBatchKey(key), AsBytes(value));
  if (const auto fact = format::DecodeFactKey(key)) return FactText(*fact, value);
  if (PartitionIn(key)) return CloneOrPlacementText(value);
  if (key == format::MetadataSnapshotKey()) {
    return Words<format::MetadataSnapshot>(
        format::DecodeMetadataSnapshot(value), [](const auto& snapshot) {
          return "end=" + OffsetText(snapshot.end) + " records=" + std::to_string(snapshot.records);
        });
  }
  if (format::DecodeLogEndKey(key)) return Words<Offset>(format::DecodeLogEnd(value), OffsetText);
  if (!NameIn(key)) return QuotedText(value);
  const auto binding = format::DecodeBinding(value);
  if (!binding) return QuotedText(value);  // a metadata property
  return PartitionText(binding->partition) + " family_id=" + std::to_string(binding->family_id);
}

}  // namespace gneiss::engine
