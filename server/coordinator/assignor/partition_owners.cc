// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/assignor/partition_owners.h"

#include <utility>

namespace gneiss::server {

PartitionOwners::PartitionOwners(std::span<const MemberSpec* const> members,
                                 std::span<const SubscribedTopic> topics)
    : members_(members), topics_(topics), loads_(members.size()) {
  for (const SubscribedTopic& topic : topics) {
    owners_.emplace_back(static_cast<std::size_t>(topic.partition_count), kNobody);
  }
}

void PartitionOwners::Give(std::size_t topic, std::size_t partition, std::size_t member) {
  std::size_t& owner = owners_[topic][partition];
  if (owner != kNobody) --loads_[owner];
  owner = member;
  ++loads_[member];
}

GroupAssignment PartitionOwners::Assignment() const {
  std::vector<PartitionsByTopic> assigned(members_.size());
  for (std::size_t topic = 0; topic < topics_.size(); ++topic) {
    for (std::size_t partition = 0; partition < owners_[topic].size(); ++partition) {
      const std::size_t owner = owners_[topic][partition];
      assigned[owner][topics_[topic].id].push_back(static_cast<std::int32_t>(partition));
    }
  }
  return ByMemberId(members_, std::move(assigned));
}

}  // namespace gneiss::server
