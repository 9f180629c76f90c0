// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/group_replay.h"

#include <utility>

#include <glog/logging.h>

#include "protocol/records/record_iterator.h"

namespace gneiss::server {

Status GroupReplay::Add(const records::RecordBatchView& batch) {
  // Markers end transactions, and offsets within one count only if it commits; neither is written
  // before transactions are served.
  if (batch.header().is_control() || batch.header().is_transactional()) return {};
  GNEISS_ASSIGN_OR_RETURN(records::RecordIterator iterator, records::RecordIterator::Open(batch));
  while (true) {
    GNEISS_ASSIGN_OR_RETURN(const std::optional<records::RecordView> record, iterator.Next());
    if (!record) return {};
    if (!record->key) continue;
    std::optional<std::span<const std::byte>> value;
    if (record->value) value = AsBytes(*record->value);
    Result<StoredRecord> parsed = ParseRecord(AsBytes(*record->key), value);
    if (!parsed.has_value()) {
      LOG(WARNING) << "group record is left out offset=" << record->offset
                   << " error=" << parsed.error().detail;
      continue;
    }
    std::visit([this](auto& stored) { Apply(std::move(stored)); }, *parsed);
  }
}

ReplayedGroups GroupReplay::Take() {
  std::erase_if(groups_, [](const auto& entry) {
    return !entry.second.snapshot && entry.second.offsets.empty();
  });
  return std::exchange(groups_, {});
}

void GroupReplay::Apply(StoredGroup record) {
  groups_[record.group].snapshot = std::move(record.snapshot);
}

void GroupReplay::Apply(StoredOffset record) {
  OffsetStore& offsets = groups_[record.group].offsets;
  if (record.offset) {
    offsets.Set(record.tp, std::move(*record.offset));
  } else {
    offsets.Erase(record.tp);
  }
}

}  // namespace gneiss::server
