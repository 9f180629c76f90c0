// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "protocol/base/result.h"
#include "protocol/base/uuid.h"
#include "server/coordinator/assignor/assignor.h"

namespace gneiss::server {

// What the assignors have in common: a group seen from its topics. Members are named by their place
// in a list that the assignor has sorted. Threads: any.

struct SubscribedTopic {
  Uuid id;
  std::int32_t partition_count = 0;
  std::vector<std::size_t> subscribers;  // places of members, ascending; at least one

  bool HasSubscriber(std::size_t member) const;
};

// The members' topics, by id. kInvalidArgument for a topic without a partition count.
Result<std::vector<SubscribedTopic>> SubscribedTopics(
    std::span<const MemberSpec* const> members,
    const std::map<Uuid, std::int32_t>& partition_counts);

// The place of a topic in SubscribedTopics' list; its size for others.
std::size_t FindTopic(std::span<const SubscribedTopic> topics, const Uuid& id);

// `assigned` is by place.
GroupAssignment ByMemberId(std::span<const MemberSpec* const> members,
                           std::vector<PartitionsByTopic> assigned);

}  // namespace gneiss::server
