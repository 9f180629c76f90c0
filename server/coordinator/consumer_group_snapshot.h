// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <map>
#include <set>
#include <string>

#include "server/coordinator/consumer_group_records.h"

namespace gneiss::server {

// What is kept of a group of the new protocol: the facts of consumer_group_records.h together.
struct ConsumerGroupSnapshot {
  ConsumerGroupEpoch epoch;
  ConsumerTargetEpoch target_epoch;
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
