// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/consumer_group_members.h"

namespace gneiss::server {

ConsumerGroupMember* ConsumerGroupMembers::Find(std::string_view member_id) {
  const auto found = members_.find(member_id);
  return found == members_.end() ? nullptr : &found->second;
}

const ConsumerGroupMember* ConsumerGroupMembers::Find(std::string_view member_id) const {
  const auto found = members_.find(member_id);
  return found == members_.end() ? nullptr : &found->second;
}

const ConsumerGroupMember* ConsumerGroupMembers::FindStatic(std::string_view instance_id) const {
  const auto found = by_instance_.find(instance_id);
  return found == by_instance_.end() ? nullptr : Find(found->second);
}

ConsumerGroupMember& ConsumerGroupMembers::FindOrAdd(const std::string& member_id) {
  ConsumerGroupMember& member = members_[member_id];
  member.id = member_id;
  return member;
}

void ConsumerGroupMembers::Remove(const std::string& member_id) {
  const auto found = members_.find(member_id);
  if (found == members_.end()) return;
  ConsumerGroupMember& member = found->second;
  SetAbout(member, {});
  SetCurrent(member, {});
  members_.erase(found);
}

void ConsumerGroupMembers::SetAbout(ConsumerGroupMember& member, ConsumerMember about) {
  if (member.about.instance_id != about.instance_id) {
    if (member.about.instance_id) {
      const auto former = by_instance_.find(*member.about.instance_id);
      if (former != by_instance_.end() && former->second == member.id) by_instance_.erase(former);
    }
    if (about.instance_id) by_instance_.insert_or_assign(*about.instance_id, member.id);
  }
  member.about = std::move(about);
}

void ConsumerGroupMembers::SetCurrent(ConsumerGroupMember& member,
                                      ConsumerMemberAssignment current) {
  Release(member, member.current.assigned);
  Release(member, member.current.pending_revocation);
  member.current = std::move(current);
  Take(member, member.current.assigned);
  Take(member, member.current.pending_revocation);
}

void ConsumerGroupMembers::Release(const ConsumerGroupMember& member,
                                   const EpochsByTopic& partitions) {
  for (const auto& [topic, epochs] : partitions) {
    for (const auto& [partition, epoch] : epochs) {
      const auto holder = holders_.find({topic, partition});
      if (holder != holders_.end() && holder->second == member.id) holders_.erase(holder);
    }
  }
}

void ConsumerGroupMembers::Take(const ConsumerGroupMember& member, EpochsByTopic& partitions) {
  for (auto& [topic, epochs] : partitions) {
    std::erase_if(epochs, [&](const auto& partition) {
      const auto [holder, is_free] = holders_.try_emplace({topic, partition.first}, member.id);
      return !is_free && holder->second != member.id;
    });
  }
  std::erase_if(partitions, [](const auto& topic) { return topic.second.empty(); });
}

}  // namespace gneiss::server
