// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "server/coordinator/group_api.h"

namespace gneiss::server {

// One member of a classic group.
struct GroupMember {
  MemberIdentity identity;
  std::string client_id{};
  std::string client_host{};
  std::chrono::milliseconds rebalance_timeout{0};
  std::chrono::milliseconds session_timeout{0};
  std::vector<GroupProtocol> protocols{};  // the preferred one first
  SharedBytes assignment{};                // of the present generation; empty before it is known

  std::optional<WaiterId> join_waiter{};  // its JoinGroup, parked
  std::optional<WaiterId> sync_waiter{};  // its SyncGroup, parked
  // Has not been answered a join yet. Such a member may be one that gave up and came back under
  // another id, so its parked join does not keep it alive.
  bool is_new = false;
  bool owes_sync = false;  // has not asked for its assignment in the present generation

  const std::string& id() const { return identity.member_id; }
  bool is_static() const { return identity.instance_id.has_value(); }
  // What the member said for `protocol`; empty if it does not know it.
  SharedBytes MetadataFor(const std::string& protocol) const;
};

// GroupMembership is who belongs to a group: its members in the order in which they came, the
// static ones by instance id, the ids given out but not used yet, and the leader. It knows no time
// and no phases.
// Invariants: the leader is a member, if there are members; each instance id belongs to one member;
// a pending id is no member.
// Threads: under the mutex of the group's shard.
class GroupMembership {
 public:
  using Members = std::list<GroupMember>;  // references stay valid while others come and go

  const Members& members() const { return members_; }
  Members& members() { return members_; }
  bool empty() const { return members_.empty(); }
  std::size_t size() const { return members_.size(); }

  // The first member becomes the leader. A pending id is pending no longer.
  // REQUIRES: no member has this id or instance id.
  GroupMember& Add(GroupMember member);
  // Of a leader the oldest remaining member takes the place. No effect without such a member.
  void Remove(const std::string& member_id);
  // Gives the static member a new id; everything else, the lead too, stays.
  GroupMember& ReplaceId(GroupMember& member, const std::string& new_member_id);

  GroupMember* Find(const std::string& member_id);
  const GroupMember* Find(const std::string& member_id) const;
  // The member of this instance id, or null.
  GroupMember* FindStatic(const std::string& instance_id);
  // kNone if `identity` is a member and, with an instance id, the one that holds it now; else
  // kUnknownMemberId or kFencedInstanceId.
  ErrorCode Check(const MemberIdentity& identity) const;

  // Ids that were given out and whose owners have not come back yet.
  void AddPending(const std::string& member_id) { pending_.insert(member_id); }
  bool IsPending(const std::string& member_id) const { return pending_.contains(member_id); }
  void RemovePending(const std::string& member_id) { pending_.erase(member_id); }
  bool has_pending() const { return !pending_.empty(); }

  const std::string& leader() const { return leader_; }  // "" without members
  void set_leader(const std::string& member_id) { leader_ = member_id; }
  bool IsLeader(const GroupMember& member) const { return member.id() == leader_; }
  // If the leader has not joined, a member that has takes its place. False if nobody has.
  bool ElectJoinedLeader();

  void SetProtocols(GroupMember& member, std::vector<GroupProtocol> protocols);
  // True if all members know at least one of `protocols`.
  bool HasCommonProtocol(const std::vector<GroupProtocol>& protocols) const;
  // Each member votes for the first of its protocols that all members know. The most votes win;
  // of equals the one that got its first vote first. REQUIRES: not empty.
  std::string ChooseProtocol() const;

  std::size_t CountJoining() const;  // members whose join is parked
  // Everybody whom the join phase waits for has joined: members and pending ids.
  bool AllJoined() const { return pending_.empty() && CountJoining() == members_.size(); }
  // How long the slowest member may take to come back to a rebalance.
  std::chrono::milliseconds RebalanceTimeout() const;

 private:
  void CountProtocols(const GroupMember& member, int by);

  Members members_;
  std::unordered_map<std::string, Members::iterator> by_id_;
  std::unordered_map<std::string, Members::iterator> by_instance_;
  std::unordered_set<std::string> pending_;
  std::unordered_map<std::string, std::size_t> supporters_;  // protocol -> members that know it
  std::string leader_;
};

}  // namespace gneiss::server
