// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/group_replay.h"

#include <utility>

#include <glog/logging.h>

#include "protocol/records/record_iterator.h"

namespace gneiss::server {
namespace {

// Folds the records of one group, in the order of the log. What a compacted log still tells of a
// member that is gone is left aside when the group is restored.
class ConsumerGroupFold {
 public:
  explicit ConsumerGroupFold(std::optional<ConsumerGroupSnapshot>& group) : group_(group) {}

  void operator()(StoredConsumerEpoch record) {
    if (record.value) {
      Group().epoch = *record.value;
    } else {
      group_.reset();
    }
  }
  void operator()(const StoredConsumerPartitionMetadata&) {}
  void operator()(StoredConsumerTargetEpoch record) {
    if (record.value) {
      Group().target_epoch = *record.value;
    } else if (group_) {
      group_->target_epoch = ConsumerGroupSnapshot().target_epoch;
    }
  }
  void operator()(StoredConsumerMember record) {
    Set(&ConsumerGroupSnapshot::members, record.member, std::move(record.value));
  }
  void operator()(StoredConsumerMemberTarget record) {
    Set(&ConsumerGroupSnapshot::targets, record.member, std::move(record.value));
  }
  void operator()(StoredConsumerMemberAssignment record) {
    Set(&ConsumerGroupSnapshot::assignments, record.member, std::move(record.value));
  }
  void operator()(StoredConsumerRegex record) {
    Set(&ConsumerGroupSnapshot::regexes, record.regex, std::move(record.value));
  }

 private:
  ConsumerGroupSnapshot& Group() { return group_ ? *group_ : group_.emplace(); }

  template <class Value>
  void Set(std::map<std::string, Value> ConsumerGroupSnapshot::* facts, const std::string& name,
           std::optional<Value> value) {
    if (value) {
      (Group().*facts).insert_or_assign(name, std::move(*value));
    } else if (group_) {
      ((*group_).*facts).erase(name);
    }
  }

  std::optional<ConsumerGroupSnapshot>& group_;
};

}  // namespace

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
    const ReplayedGroup& group = entry.second;
    return !group.snapshot && !group.consumer && group.offsets.empty();
  });
  return std::exchange(groups_, {});
}

void GroupReplay::Apply(StoredGroup record) {
  groups_[record.group].snapshot = std::move(record.snapshot);
}

void GroupReplay::Apply(StoredConsumerRecord record) {
  std::visit(
      [this](auto& stored) {
        ConsumerGroupFold fold(groups_[stored.group].consumer);
        fold(std::move(stored));
      },
      record);
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
