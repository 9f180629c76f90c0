// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/group_membership.h"

#include <algorithm>
#include <utility>

#include <glog/logging.h>

namespace gneiss::server {

SharedBytes GroupMember::MetadataFor(const std::string& protocol) const {
  for (const GroupProtocol& known : protocols) {
    if (known.name == protocol) return known.metadata;
  }
  return {};
}

GroupMember& GroupMembership::Add(GroupMember member) {
  DCHECK(!by_id_.contains(member.id()));
  pending_.erase(member.id());
  members_.push_back(std::move(member));
  const auto at = std::prev(members_.end());
  by_id_.emplace(at->id(), at);
  if (at->is_static()) by_instance_.insert_or_assign(*at->identity.instance_id, at);
  CountProtocols(*at, 1);
  if (leader_.empty()) leader_ = at->id();
  return *at;
}

void GroupMembership::Remove(const std::string& member_id) {
  const auto found = by_id_.find(member_id);
  if (found == by_id_.end()) return;
  const Members::iterator at = found->second;
  const bool was_leader = IsLeader(*at);
  CountProtocols(*at, -1);
  if (at->is_static()) by_instance_.erase(*at->identity.instance_id);
  by_id_.erase(found);
  members_.erase(at);
  if (was_leader) leader_ = members_.empty() ? std::string() : members_.front().id();
}

GroupMember& GroupMembership::ReplaceId(GroupMember& member, const std::string& new_member_id) {
  const auto found = by_id_.find(member.id());
  const Members::iterator at = found->second;
  by_id_.erase(found);
  if (IsLeader(member)) leader_ = new_member_id;
  member.identity.member_id = new_member_id;
  by_id_.emplace(new_member_id, at);
  return member;
}

GroupMember* GroupMembership::Find(const std::string& member_id) {
  const auto found = by_id_.find(member_id);
  return found == by_id_.end() ? nullptr : &*found->second;
}

const GroupMember* GroupMembership::Find(const std::string& member_id) const {
  const auto found = by_id_.find(member_id);
  return found == by_id_.end() ? nullptr : &*found->second;
}

GroupMember* GroupMembership::FindStatic(const std::string& instance_id) {
  const auto found = by_instance_.find(instance_id);
  return found == by_instance_.end() ? nullptr : &*found->second;
}

ErrorCode GroupMembership::Check(const MemberIdentity& identity) const {
  if (identity.instance_id) {
    const auto holder = by_instance_.find(*identity.instance_id);
    if (holder == by_instance_.end()) return ErrorCode::kUnknownMemberId;
    if (holder->second->id() != identity.member_id) return ErrorCode::kFencedInstanceId;
    return ErrorCode::kNone;
  }
  return by_id_.contains(identity.member_id) ? ErrorCode::kNone : ErrorCode::kUnknownMemberId;
}

bool GroupMembership::ElectJoinedLeader() {
  const GroupMember* leader = Find(leader_);
  if (leader == nullptr) return false;
  if (leader->join_waiter) return true;
  const auto joined = std::ranges::find_if(
      members_, [](const GroupMember& member) { return member.join_waiter.has_value(); });
  if (joined == members_.end()) return false;
  leader_ = joined->id();
  return true;
}

void GroupMembership::SetProtocols(GroupMember& member, std::vector<GroupProtocol> protocols) {
  CountProtocols(member, -1);
  member.protocols = std::move(protocols);
  CountProtocols(member, 1);
}

bool GroupMembership::HasCommonProtocol(const std::vector<GroupProtocol>& protocols) const {
  if (members_.empty()) return !protocols.empty();
  return std::ranges::any_of(protocols, [this](const GroupProtocol& protocol) {
    const auto found = supporters_.find(protocol.name);
    return found != supporters_.end() && found->second == members_.size();
  });
}

std::string GroupMembership::ChooseProtocol() const {
  std::vector<std::pair<std::string_view, int>> votes;  // in the order of first votes
  for (const GroupMember& member : members_) {
    const auto choice = std::ranges::find_if(member.protocols, [this](const GroupProtocol& known) {
      const auto found = supporters_.find(known.name);
      return found != supporters_.end() && found->second == members_.size();
    });
    if (choice == member.protocols.end()) continue;
    const auto vote =
        std::ranges::find(votes, choice->name, &std::pair<std::string_view, int>::first);
    if (vote == votes.end()) {
      votes.emplace_back(choice->name, 1);
    } else {
      ++vote->second;
    }
  }
  if (votes.empty()) return {};
  return std::string(
      std::ranges::max_element(votes, {}, &std::pair<std::string_view, int>::second)->first);
}

std::size_t GroupMembership::CountJoining() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      members_, [](const GroupMember& member) { return member.join_waiter.has_value(); }));
}

std::chrono::milliseconds GroupMembership::RebalanceTimeout() const {
  std::chrono::milliseconds longest{0};
  for (const GroupMember& member : members_) {
    longest = std::max(longest, member.rebalance_timeout);
  }
  return longest;
}

void GroupMembership::CountProtocols(const GroupMember& member, int by) {
  // A member may name a protocol twice; it supports it once.
  std::vector<std::string_view> seen;
  for (const GroupProtocol& protocol : member.protocols) {
    if (std::ranges::find(seen, protocol.name) != seen.end()) continue;
    seen.push_back(protocol.name);
    std::size_t& count = supporters_[protocol.name];
    count = by > 0 ? count + 1 : count - 1;
    if (count == 0) supporters_.erase(protocol.name);
  }
}

}  // namespace gneiss::server
