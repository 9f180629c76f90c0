// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "server/coordinator/consumer_group_api.h"
#include "server/coordinator/consumer_group_records.h"

namespace gneiss::server {

// One member of a consumer group.
struct ConsumerGroupMember {
  std::string id;
  ConsumerMember about;              // what it says
  PartitionsByTopic target;          // what it is to have
  ConsumerMemberAssignment current;  // how far it has come

  bool speaks_classic() const { return about.classic.has_value(); }
  // A static member that said it would come back.
  bool is_away() const { return current.member_epoch == kStaticLeaveEpoch; }
  bool IsReconciledTo(std::int32_t target_epoch) const {
    return current.state == ConsumerMemberState::kStable && current.member_epoch == target_epoch;
  }
};

// ConsumerGroupMembers is who belongs to a consumer group, the static ones by instance id too, and
// who holds which partition.
// Invariant: a partition has one holder: the member that has it assigned or has yet to give it up.
// Threads: under the mutex of the group's shard.
class ConsumerGroupMembers {
 public:
  using ById = std::map<std::string, ConsumerGroupMember, std::less<>>;

  const ById& all() const { return members_; }
  bool empty() const { return members_.empty(); }
  std::size_t size() const { return members_.size(); }

  // Null if there is none.
  ConsumerGroupMember* Find(std::string_view member_id);
  const ConsumerGroupMember* Find(std::string_view member_id) const;
  const ConsumerGroupMember* FindStatic(std::string_view instance_id) const;

  // The member of this id, which is made if there is none. References stay valid.
  ConsumerGroupMember& FindOrAdd(const std::string& member_id);
  // Frees its partitions. No effect without such a member.
  void Remove(const std::string& member_id);

  void SetAbout(ConsumerGroupMember& member, ConsumerMember about);
  void SetTarget(ConsumerGroupMember& member, PartitionsByTopic target) {
    member.target = std::move(target);
  }
  // What the member no longer holds becomes free. Of partitions that somebody else holds nothing
  // is kept: only a log or a classic leader that gave one partition twice can ask for that.
  void SetCurrent(ConsumerGroupMember& member, ConsumerMemberAssignment current);

  bool IsTaken(const Uuid& topic, std::int32_t partition) const {
    return holders_.contains({topic, partition});
  }

 private:
  void Release(const ConsumerGroupMember& member, const EpochsByTopic& partitions);
  void Take(const ConsumerGroupMember& member, EpochsByTopic& partitions);

  ById members_;
  std::map<std::string, std::string, std::less<>> by_instance_;   // instance id -> member id
  std::map<std::pair<Uuid, std::int32_t>, std::string> holders_;  // partition -> member id
};

}  // namespace gneiss::server
