// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/assignor/subscriptions.h"

#include <algorithm>
#include <utility>

namespace gneiss::server {

bool SubscribedTopic::HasSubscriber(std::size_t member) const {
  return std::ranges::binary_search(subscribers, member);
}

std::size_t FindTopic(std::span<const SubscribedTopic> topics, const Uuid& id) {
  const auto it = std::ranges::lower_bound(topics, id, {}, &SubscribedTopic::id);
  if (it == topics.end() || it->id != id) return topics.size();
  return static_cast<std::size_t>(it - topics.begin());
}

Result<std::vector<SubscribedTopic>> SubscribedTopics(
    std::span<const MemberSpec* const> members,
    const std::map<Uuid, std::int32_t>& partition_counts) {
  std::map<Uuid, SubscribedTopic> topics;
  for (std::size_t place = 0; place < members.size(); ++place) {
    for (const Uuid& id : members[place]->topics) {
      topics[id].subscribers.push_back(place);
    }
  }
  std::vector<SubscribedTopic> result;
  result.reserve(topics.size());
  for (auto& [id, topic] : topics) {
    const auto count = partition_counts.find(id);
    if (count == partition_counts.end()) {
      return Fail(Errc::kInvalidArgument,
                  "a member subscribes to topic id " + id.ToString() + ", which does not exist");
    }
    topic.id = id;
    topic.partition_count = count->second;
    result.push_back(std::move(topic));
  }
  return result;
}

GroupAssignment ByMemberId(std::span<const MemberSpec* const> members,
                           std::vector<PartitionsByTopic> assigned) {
  GroupAssignment result;
  for (std::size_t place = 0; place < members.size(); ++place) {
    result.emplace(members[place]->member_id, std::move(assigned[place]));
  }
  return result;
}

}  // namespace gneiss::server
