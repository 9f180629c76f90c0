// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "server/coordinator/assignor/subscriptions.h"

namespace gneiss::server {

inline constexpr std::size_t kNobody = std::numeric_limits<std::size_t>::max();

// PartitionOwners says who has each partition of the subscribed topics while an assignment is made.
// Members and topics are named by their places in the lists that it was made with.
// Threads: one.
class PartitionOwners {
 public:
  // Nobody has anything yet. Both lists outlive the owners.
  PartitionOwners(std::span<const MemberSpec* const> members,
                  std::span<const SubscribedTopic> topics);

  // Gives members, in their order, what they had in the last assignment, as long as
  // `wants_more(member)` says so. Passed over: partitions that are gone, those of topics that the
  // member does not subscribe to, and those that a member before it has got.
  template <class WantsMore>
  void KeepLast(WantsMore wants_more);

  // The owners by partition, kNobody where there is none.
  std::span<const std::size_t> owners(std::size_t topic) const { return owners_[topic]; }
  // How many partitions a member has.
  std::size_t load(std::size_t member) const { return loads_[member]; }
  // The partition may have had another owner.
  void Give(std::size_t topic, std::size_t partition, std::size_t member);

  GroupAssignment Assignment() const;

 private:
  std::span<const MemberSpec* const> members_;
  std::span<const SubscribedTopic> topics_;
  std::vector<std::vector<std::size_t>> owners_;
  std::vector<std::size_t> loads_;
};

template <class WantsMore>
void PartitionOwners::KeepLast(WantsMore wants_more) {
  for (std::size_t member = 0; member < members_.size(); ++member) {
    for (const auto& [id, partitions] : members_[member]->partitions) {
      const std::size_t topic = FindTopic(topics_, id);
      if (topic == topics_.size() || !topics_[topic].HasSubscriber(member)) continue;
      for (const std::int32_t partition : partitions) {
        const auto place = static_cast<std::size_t>(partition);
        if (place >= owners_[topic].size() || owners_[topic][place] != kNobody) continue;
        if (!wants_more(member)) break;
        Give(topic, place, member);
      }
    }
  }
}

}  // namespace gneiss::server
