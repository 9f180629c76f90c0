// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/consumer_group_writes.h"

#include <optional>
#include <utility>

namespace gneiss::server {
namespace {

using Kind = ConsumerGroupKey::Kind;

bool IsGone(const ConsumerGroupState& state, const ConsumerGroupKey& key) {
  switch (key.kind) {
    case Kind::kMember:
    case Kind::kTarget:
    case Kind::kAssignment:
      return state.members().Find(key.name) == nullptr;
    case Kind::kRegex:
      return !state.regexes().contains(key.name);
    case Kind::kEpoch:
    case Kind::kTargetEpoch:
      return false;
  }
  return false;
}

Result<CoordinatorRecord> Tombstone(const std::string& group, const ConsumerGroupKey& key) {
  switch (key.kind) {
    case Kind::kMember:
      return ConsumerMemberTombstone(group, key.name);
    case Kind::kTarget:
      return ConsumerMemberTargetTombstone(group, key.name);
    case Kind::kAssignment:
      return ConsumerMemberAssignmentTombstone(group, key.name);
    case Kind::kRegex:
      return ConsumerRegexTombstone(group, key.name);
    case Kind::kEpoch:
      return ConsumerEpochTombstone(group);
    case Kind::kTargetEpoch:
      return ConsumerTargetEpochTombstone(group);
  }
  return Fail(Errc::kInternal, "no such record");
}

Result<CoordinatorRecord> Value(const std::string& group, const ConsumerGroupState& state,
                                const ConsumerGroupKey& key) {
  const ConsumerGroupMember* member = state.members().Find(key.name);
  switch (key.kind) {
    case Kind::kMember:
      return ConsumerMemberRecord(group, key.name, member->about);
    case Kind::kTarget:
      return ConsumerMemberTargetRecord(group, key.name, member->target);
    case Kind::kAssignment:
      return ConsumerMemberAssignmentRecord(group, key.name, member->current);
    case Kind::kRegex:
      return ConsumerRegexRecord(group, key.name, state.regexes().at(key.name));
    case Kind::kEpoch:
      return ConsumerEpochRecord(group, state.epoch());
    case Kind::kTargetEpoch:
      return ConsumerTargetEpochRecord(group, state.target_epoch());
  }
  return Fail(Errc::kInternal, "no such record");
}

}  // namespace

Result<std::vector<CoordinatorRecord>> EncodeChanges(const std::string& group,
                                                     const ConsumerGroupState& state,
                                                     const ConsumerGroupKeys& changes) {
  std::vector<CoordinatorRecord> records;
  records.reserve(changes.size());
  // A member is gone last: whoever reads half of this still finds whose the rest is.
  for (auto key = changes.rbegin(); key != changes.rend(); ++key) {
    if (!IsGone(state, *key)) continue;
    GNEISS_ASSIGN_OR_RETURN(CoordinatorRecord record, Tombstone(group, *key));
    records.push_back(std::move(record));
  }
  for (const ConsumerGroupKey& key : changes) {
    if (IsGone(state, key)) continue;
    GNEISS_ASSIGN_OR_RETURN(CoordinatorRecord record, Value(group, state, key));
    records.push_back(std::move(record));
  }
  return records;
}

std::vector<CoordinatorRecord> EncodeRemoval(const std::string& group,
                                             const ConsumerGroupState& state) {
  std::vector<CoordinatorRecord> records;
  const auto add = [&records](Result<CoordinatorRecord> record) {
    if (record.has_value()) records.push_back(std::move(*record));
  };
  for (const auto& [id, member] : state.members().all()) {
    for (const Kind kind : {Kind::kAssignment, Kind::kTarget, Kind::kMember}) {
      add(Tombstone(group, {kind, id}));
    }
  }
  for (const auto& [regex, resolved] : state.regexes()) add(ConsumerRegexTombstone(group, regex));
  for (auto* make : {&ConsumerTargetEpochTombstone, &ConsumerPartitionMetadataTombstone,
                     &ConsumerEpochTombstone}) {
    add(make(group));
  }
  return records;
}

}  // namespace gneiss::server
