// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/member_reconciliation.h"

#include <algorithm>
#include <utility>

namespace gneiss::server {
namespace {

using State = ConsumerMemberState;

bool Contains(const PartitionsByTopic& partitions, const Uuid& topic, std::int32_t partition) {
  const auto found = partitions.find(topic);
  return found != partitions.end() && std::ranges::binary_search(found->second, partition);
}

bool Contains(const EpochsByTopic& partitions, const Uuid& topic, std::int32_t partition) {
  const auto found = partitions.find(topic);
  return found != partitions.end() && found->second.contains(partition);
}

// The member still holds some of the partitions, or does not say.
bool MayOwn(const PartitionsByTopic* owned, const EpochsByTopic& partitions) {
  if (owned == nullptr) return !partitions.empty();
  return std::ranges::any_of(*owned, [&partitions](const auto& topic) {
    return std::ranges::any_of(topic.second, [&](std::int32_t partition) {
      return Contains(partitions, topic.first, partition);
    });
  });
}

// Moves what does not belong to `keep(topic, partition)` from one set to the other.
template <class Keep>
void Part(EpochsByTopic& kept, EpochsByTopic& parted, Keep keep) {
  for (auto topic = kept.begin(); topic != kept.end();) {
    auto& [id, partitions] = *topic;
    for (auto one = partitions.begin(); one != partitions.end();) {
      if (keep(id, one->first)) {
        ++one;
        continue;
      }
      parted[id].insert(*one);
      one = partitions.erase(one);
    }
    topic = partitions.empty() ? kept.erase(topic) : std::next(topic);
  }
}

void MoveToEpoch(ConsumerMemberAssignment& member, std::int32_t epoch) {
  member.previous_member_epoch = std::exchange(member.member_epoch, epoch);
}

ConsumerMemberAssignment NextAssignment(ConsumerMemberAssignment member, std::int32_t epoch,
                                        const ReconciliationInput& input) {
  const auto is_wanted = [&input](const Uuid& topic, std::int32_t partition) {
    return input.subscription.contains(topic) && Contains(input.target, topic, partition);
  };
  EpochsByTopic revoked;
  Part(member.assigned, revoked, is_wanted);
  if (!revoked.empty() && MayOwn(input.owned, revoked)) {
    member.state = State::kUnrevokedPartitions;
    member.pending_revocation = std::move(revoked);
    MoveToEpoch(member, epoch);
    return member;
  }
  bool waits_for_others = false;
  for (const auto& [topic, partitions] : input.target) {
    for (const std::int32_t partition : partitions) {
      if (!is_wanted(topic, partition) || Contains(member.assigned, topic, partition)) continue;
      if (input.is_taken(topic, partition)) {
        waits_for_others = true;
      } else {
        member.assigned[topic].emplace(partition, input.target_epoch);
      }
    }
  }
  member.pending_revocation.clear();
  member.state = waits_for_others ? State::kUnreleasedPartitions : State::kStable;
  MoveToEpoch(member, input.target_epoch);
  return member;
}

// The subscription has changed but the target has not: the member stays where it is, without the
// topics that it has left.
ConsumerMemberAssignment WithoutLeftTopics(ConsumerMemberAssignment member,
                                           const ReconciliationInput& input) {
  EpochsByTopic revoked = member.pending_revocation;
  const EpochsByTopic before = member.assigned;
  Part(member.assigned, revoked,
       [&input](const Uuid& topic, std::int32_t) { return input.subscription.contains(topic); });
  if (member.assigned == before || !MayOwn(input.owned, revoked)) return member;
  member.state = State::kUnrevokedPartitions;
  member.pending_revocation = std::move(revoked);
  MoveToEpoch(member, member.member_epoch);
  return member;
}

}  // namespace

ConsumerMemberAssignment Reconcile(const ConsumerMemberAssignment& current,
                                   const ReconciliationInput& input) {
  switch (current.state) {
    case State::kStable:
      if (current.member_epoch != input.target_epoch) {
        return NextAssignment(current, current.member_epoch, input);
      }
      return input.subscription_changed ? WithoutLeftTopics(current, input) : current;
    case State::kUnrevokedPartitions:
      if (MayOwn(input.owned, current.pending_revocation)) {
        return input.subscription_changed ? WithoutLeftTopics(current, input) : current;
      }
      return NextAssignment(current, current.member_epoch + 1, input);
    case State::kUnreleasedPartitions:
      return NextAssignment(current, current.member_epoch, input);
    case State::kUnknown:
      return NextAssignment(current, input.target_epoch, input);
  }
  return current;
}

PartitionsByTopic WithoutEpochs(const EpochsByTopic& partitions) {
  PartitionsByTopic result;
  for (const auto& [topic, epochs] : partitions) {
    std::vector<std::int32_t>& ids = result[topic];
    ids.reserve(epochs.size());
    for (const auto& [partition, epoch] : epochs) ids.push_back(partition);
  }
  return result;
}

EpochsByTopic WithEpoch(const PartitionsByTopic& partitions, std::int32_t epoch) {
  EpochsByTopic result;
  for (const auto& [topic, ids] : partitions) {
    for (const std::int32_t partition : ids) result[topic].emplace(partition, epoch);
  }
  return result;
}

PartitionsByTopic HeldPartitions(const ConsumerMemberAssignment& member) {
  EpochsByTopic held = member.assigned;
  for (const auto& [topic, epochs] : member.pending_revocation) {
    held[topic].insert(epochs.begin(), epochs.end());
  }
  return WithoutEpochs(held);
}

bool IsSubset(const PartitionsByTopic& some, const EpochsByTopic& all) {
  return std::ranges::all_of(some, [&all](const auto& topic) {
    return std::ranges::all_of(topic.second, [&](std::int32_t partition) {
      return Contains(all, topic.first, partition);
    });
  });
}

}  // namespace gneiss::server
