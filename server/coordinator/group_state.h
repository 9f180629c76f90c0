// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "server/coordinator/group_api.h"
#include "server/coordinator/group_membership.h"
#include "server/coordinator/group_snapshot.h"
#include "server/coordinator/group_timers.h"

namespace gneiss::server {

// The part of the broker's configuration that groups act on.
struct GroupSettings {
  std::chrono::milliseconds initial_rebalance_delay{3000};
  std::int32_t size_max = std::numeric_limits<std::int32_t>::max();
};

// A member whose first join is parked is given up after this: its client has long retried under
// another id, and a closed connection is not seen while its request is parked.
inline constexpr std::chrono::minutes kNewMemberJoinTimeout{5};

enum class GroupPhase {
  kEmpty,                // no members; there may be offsets
  kPreparingRebalance,   // members are to join
  kCompletingRebalance,  // they have, and wait for the leader's assignment
  kStable,               // everybody may have its assignment
};
// The names that DescribeGroups and ListGroups use.
std::string_view ToString(GroupPhase phase);

// The answer to a parked, or just made, JoinGroup or SyncGroup.
struct GroupReply {
  WaiterId to;
  std::variant<JoinResult, SyncResult> result;
};

// Why a snapshot is written: what has to follow when it is durable.
struct PersistReason {
  enum class Kind {
    kRecord,        // nothing: the record only has to be there after a restart
    kAssignment,    // the group becomes stable
    kStaticMember,  // the returned static member is answered
  };
  Kind kind = Kind::kRecord;
  std::int32_t generation = 0;
  // Of kStaticMember:
  WaiterId waiter{};
  std::string former_leader{};
  bool skip_assignment = false;
};

struct GroupPersist {
  GroupSnapshot snapshot;
  PersistReason reason;
};

// What an event asks of the shell, in order: answer, store; and when to call Tick.
struct Actions {
  std::vector<GroupReply> replies;
  std::vector<GroupPersist> persists;
  std::optional<TimePoint> next_deadline;
};

struct LeaveOutcome {
  LeaveResult result;
  Actions actions;
};

// Which offsets of a group are old enough to go.
struct OffsetExpiryRule {
  enum class Base {
    kNever,       // the group is rebalancing, or of a type that does not tell what it reads
    kCommitTime,  // an offset ages from its commit on
    kEmptySince,  // all offsets age from `empty_since` on
  };
  Base base = Base::kNever;
  TimestampMs empty_since = kNoTimestamp;
  std::set<std::string, std::less<>> kept_topics{};  // the members read them
};

// GroupState is the state machine of one classic group: every event with its time in, the actions
// out. It does no I/O and reads no clock.
//
//   Empty --join--> PreparingRebalance --all joined, or time--> CompletingRebalance
//     ^                 |         ^                                      |
//     +--nobody left----+         +--join, leave, expiry-- Stable <--leader's assignment stored
//
// A group whose deletion is decided is Dissolve()d and dropped: that is Kafka's state Dead.
// What is durable decides what is answered: a group becomes stable, and a static member is let back
// in, only when Persisted() says so. Everything else that a crash may undo (an empty generation, a
// member that left) comes about again by the members' sessions.
// Threads: under the mutex of the group's shard.
class GroupState {
 public:
  // A group that nobody has joined yet.
  GroupState(const GroupSettings& settings, Instant now);
  // A group as it was stored. Its members' sessions start anew.
  static GroupState Restore(const GroupSettings& settings, const GroupSnapshot& snapshot,
                            Instant now);

  // The answer comes as a GroupReply to `waiter`: at once or, when the members have to be waited
  // for, from a later event. Ids and timeouts are checked by the caller.
  Actions Join(JoinRequest request, WaiterId waiter, Instant now);
  Actions Sync(const SyncRequest& request, WaiterId waiter, Instant now);
  ErrorCode Heartbeat(const GenerationIdentity& caller, Instant now);
  LeaveOutcome Leave(const std::vector<MemberIdentity>& leaving, Instant now);
  // Acts on every deadline that has passed.
  Actions Tick(Instant now);
  // The write of a persist's snapshot has ended. `error` is what the members are to be told.
  Actions Persisted(const PersistReason& reason, ErrorCode error, Instant now);
  // A group that was of the new protocol until now: it is put on record, and its members are to
  // join again. REQUIRES: just restored, with members.
  Actions BeginAnew(Instant now);
  // Answers everybody who is parked with `error`. The group is not used any more.
  Actions Dissolve(ErrorCode error);

  // May the caller commit offsets? A member's commit also keeps its session.
  ErrorCode CheckCommit(const GenerationIdentity& caller, Instant now);
  ErrorCode CheckDelete() const;        // only a group without members may be deleted
  ErrorCode CheckOffsetDelete() const;  // of its offsets: unless members read we know not what
  bool IsSubscribedTo(std::string_view topic) const;
  OffsetExpiryRule ExpiryRule() const;

  GroupPhase phase() const { return phase_; }
  std::int32_t generation() const { return generation_; }
  const std::string& protocol_type() const { return protocol_type_; }
  const std::optional<std::string>& protocol_name() const { return protocol_name_; }
  const GroupMembership& membership() const { return membership_; }
  std::optional<TimePoint> next_deadline() const { return timers_.next(); }
  GroupDescription Describe() const;
  GroupSnapshot Snapshot() const;
  // What the record of a group that nobody has joined says.
  GroupSnapshot EmptySnapshot() const;

 private:
  // The wait of a group that was empty: more first members usually come soon.
  struct InitialDelay {
    std::chrono::milliseconds delay;      // what the timer runs now
    std::chrono::milliseconds remaining;  // by which it may be extended
    bool member_added = false;            // since it was set
  };
  using Assignments = std::unordered_map<std::string, SharedBytes>;

  // group_join.cc
  bool HasRoomFor(const std::string& member_id) const;
  bool SupportsProtocols(const JoinRequest& request) const;
  void JoinNewMember(JoinRequest request, WaiterId waiter, Instant now);
  void JoinKnownMember(JoinRequest request, WaiterId waiter, Instant now);
  void AddMember(const std::string& member_id, JoinRequest request, WaiterId waiter, Instant now);
  void ReplaceStaticMember(GroupMember& member, const std::string& member_id, JoinRequest request,
                           WaiterId waiter, Instant now);
  void ParkJoin(GroupMember& member, JoinRequest request, WaiterId waiter);
  void RejectJoin(WaiterId waiter, const std::string& member_id, ErrorCode error);
  JoinResult JoinedResult(const GroupMember& member) const;
  void FinishStaticReturn(const PersistReason& reason, ErrorCode error);

  // group_rebalance.cc
  void MaybeRebalance(Instant now);
  void PrepareRebalance(Instant now);
  void CompleteJoinIfAllJoined(Instant now);
  void CompleteJoin(Instant now);
  void RemoveAbsentMembers();
  void BeginGeneration(Instant now);
  void JoinPhaseEnded(Instant now);
  void SyncPhaseEnded(Instant now);
  void SessionEnded(const std::string& member_id, Instant now);
  void RemoveMember(GroupMember& member);
  void NoteSubscriptions();

  // group_state.cc
  ErrorCode CheckCaller(const GenerationIdentity& caller) const;
  ErrorCode CheckSync(const SyncRequest& request) const;
  void ParkSync(GroupMember& member, WaiterId waiter);
  void StoreAssignment(const SyncRequest& request);
  void FinishAssignment(const PersistReason& reason, ErrorCode error, Instant now);
  void FailSyncs(ErrorCode error, Instant now);
  ErrorCode LeaveOne(const MemberIdentity& identity);
  void RejectSync(WaiterId waiter, ErrorCode error);
  SyncResult SyncedResult(const GroupMember& member) const;
  GroupSnapshot SnapshotWith(const Assignments* assignments) const;
  void RestartSession(const GroupMember& member, Instant now);
  void SetPhase(GroupPhase phase, Instant now);
  void Reply(WaiterId to, std::variant<JoinResult, SyncResult> result);
  void Persist(GroupSnapshot snapshot, PersistReason reason);
  Actions TakeActions();

  GroupSettings settings_;
  GroupPhase phase_ = GroupPhase::kEmpty;
  TimestampMs phase_since_;
  std::int32_t generation_ = 0;
  std::string protocol_type_;                 // "" until somebody has joined
  std::optional<std::string> protocol_name_;  // of the present generation, if it has members
  GroupMembership membership_;
  GroupTimers timers_;
  std::optional<InitialDelay> initial_delay_;
  // The leader's assignment while it is being stored.
  std::optional<Assignments> storing_;
  // What the members of the present generation read. None: they do not say, or not so that we
  // understand it; they may read anything.
  std::optional<std::set<std::string, std::less<>>> subscriptions_;
  Actions actions_;  // of the event that is being handled
};

}  // namespace gneiss::server
