// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "server/coordinator/consumer_group_records.h"

namespace gneiss::server {

// Both epochs of a group that nothing has happened to: they are not on record.
inline constexpr std::int32_t kFirstGroupEpoch = 1;

// What is kept of a group of the new protocol: the facts of consumer_group_records.h together.
struct ConsumerGroupSnapshot {
  ConsumerGroupEpoch epoch{.epoch = kFirstGroupEpoch, .metadata_hash = 0};
  ConsumerTargetEpoch target_epoch{.epoch = kFirstGroupEpoch, .assigned_at = 0};
  // By member id. A member is who has an entry in `members`.
  std::map<std::string, ConsumerMember> members;
  std::map<std::string, PartitionsByTopic> targets;
  std::map<std::string, ConsumerMemberAssignment> assignments;
  std::map<std::string, ResolvedRegex> regexes;

  bool operator==(const ConsumerGroupSnapshot&) const = default;
};

// One of these facts, to be written: its present value, or a tombstone if there is none.
struct ConsumerGroupKey {
  enum class Kind { kMember, kRegex, kEpoch, kTarget, kTargetEpoch, kAssignment };
  Kind kind;
  std::string name{};  // the member or the regular expression; "" for the epochs

  auto operator<=>(const ConsumerGroupKey&) const = default;
};
using ConsumerGroupKeys = std::set<ConsumerGroupKey>;

}  // namespace gneiss::server
