// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/assignor/uniform_assignor.h"

#include <algorithm>
#include <cstddef>

#include "server/coordinator/assignor/load_balancer.h"
#include "server/coordinator/assignor/partition_owners.h"
#include "server/coordinator/assignor/subscriptions.h"

namespace gneiss::server {
namespace {

using Members = std::span<const MemberSpec* const>;
using Topics = std::span<const SubscribedTopic>;

std::size_t PartitionCount(Topics topics) {
  std::size_t count = 0;
  for (const SubscribedTopic& topic : topics) {
    count += static_cast<std::size_t>(topic.partition_count);
  }
  return count;
}

// Everybody subscribes to all of the topics: each member's share is known beforehand, so what it
// has of it stays, and only the rest is given out.
GroupAssignment AssignShares(Members members, Topics topics) {
  const std::size_t share = PartitionCount(topics) / members.size();
  std::size_t larger_shares = PartitionCount(topics) % members.size();
  PartitionOwners owners(members, topics);

  std::vector<std::size_t> quota(members.size(), share);
  owners.KeepLast([&](std::size_t member) {
    if (owners.load(member) == share && quota[member] == share && larger_shares > 0) {
      ++quota[member];
      --larger_shares;
    }
    return owners.load(member) < quota[member];
  });
  // The larger shares that nobody has kept go to the last members, as Kafka gives them.
  for (std::size_t member = members.size(); member-- > 0 && larger_shares > 0;) {
    if (quota[member] > share) continue;
    ++quota[member];
    --larger_shares;
  }

  std::size_t next = 0;
  for (std::size_t topic = 0; topic < topics.size(); ++topic) {
    for (std::size_t partition = 0; partition < owners.owners(topic).size(); ++partition) {
      if (owners.owners(topic)[partition] != kNobody) continue;
      while (owners.load(next) == quota[next]) ++next;
      owners.Give(topic, partition, next);
    }
  }
  return owners.Assignment();
}

GroupAssignment AssignByLoad(Members members, Topics topics) {
  PartitionOwners owners(members, topics);
  owners.KeepLast([](std::size_t) { return true; });
  LoadBalancer balancer(topics, members.size(), owners);
  balancer.GiveOutTheRest();
  balancer.Balance();
  return owners.Assignment();
}

}  // namespace

Result<GroupAssignment> UniformAssignor::Assign(const GroupSpec& spec) const {
  std::vector<const MemberSpec*> members;
  for (const MemberSpec& member : spec.members) members.push_back(&member);
  std::ranges::sort(members, {}, &MemberSpec::member_id);
  GNEISS_ASSIGN_OR_RETURN(const std::vector<SubscribedTopic> topics,
                          SubscribedTopics(members, spec.partition_counts));
  const bool same_topics = std::ranges::all_of(topics, [&](const SubscribedTopic& topic) {
    return topic.subscribers.size() == members.size();
  });
  if (members.empty()) return GroupAssignment();
  return same_topics ? AssignShares(members, topics) : AssignByLoad(members, topics);
}

}  // namespace gneiss::server
