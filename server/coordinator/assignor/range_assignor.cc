// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/assignor/range_assignor.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "server/coordinator/assignor/subscriptions.h"

namespace gneiss::server {
namespace {

bool ComesFirst(const MemberSpec* a, const MemberSpec* b) {
  if (a->instance_id.has_value() != b->instance_id.has_value()) return a->instance_id.has_value();
  if (a->instance_id && *a->instance_id != *b->instance_id)
    return *a->instance_id < *b->instance_id;
  return a->member_id < b->member_id;
}

}  // namespace

Result<GroupAssignment> RangeAssignor::Assign(const GroupSpec& spec) const {
  std::vector<const MemberSpec*> members;
  for (const MemberSpec& member : spec.members) members.push_back(&member);
  std::ranges::sort(members, ComesFirst);
  GNEISS_ASSIGN_OR_RETURN(const std::vector<SubscribedTopic> topics,
                          SubscribedTopics(members, spec.partition_counts));

  std::vector<PartitionsByTopic> assigned(members.size());
  for (const SubscribedTopic& topic : topics) {
    const auto subscriber_count = static_cast<std::int32_t>(topic.subscribers.size());
    std::int32_t longer_runs = topic.partition_count % subscriber_count;
    std::int32_t next = 0;
    for (const std::size_t member : topic.subscribers) {
      const std::int32_t length =
          topic.partition_count / subscriber_count + (longer_runs-- > 0 ? 1 : 0);
      if (length == 0) break;
      std::vector<std::int32_t>& run = assigned[member][topic.id];
      run.resize(static_cast<std::size_t>(length));
      std::iota(run.begin(), run.end(), next);
      next += length;
    }
  }
  return ByMemberId(members, std::move(assigned));
}

}  // namespace gneiss::server
