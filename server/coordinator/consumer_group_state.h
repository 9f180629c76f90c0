// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "server/coordinator/assignor/assignor.h"
#include "server/coordinator/consumer_group_api.h"
#include "server/coordinator/consumer_group_members.h"
#include "server/coordinator/consumer_group_snapshot.h"
#include "server/coordinator/consumer_protocol.h"
#include "server/coordinator/group_state.h"
#include "server/coordinator/group_timers.h"
#include "server/coordinator/group_topics.h"
#include "server/coordinator/regex_resolution.h"

namespace gneiss::server {

// The configuration that a consumer group acts on; some of it may be the group's own.
struct ConsumerGroupSettings {
  std::chrono::milliseconds session_timeout{45'000};
  std::chrono::milliseconds heartbeat_interval{5'000};
  std::chrono::milliseconds assignment_interval{1'000};
  std::int32_t size_max = std::numeric_limits<std::int32_t>::max();
  std::vector<const Assignor*> assignors;  // the default one first; never empty
};

// What surrounds an event.
struct ConsumerGroupContext {
  const std::string& group;
  const ConsumerGroupSettings& settings;
  const GroupTopics& topics;
  Instant now;
};

// What an event asks of the shell: what to store, before anybody is answered, when to call Tick,
// and what takes too long to be done at once.
struct ConsumerGroupActions {
  ConsumerGroupKeys changes;
  std::optional<TimePoint> next_deadline;
  // Regular expressions to resolve; the result goes to Resolved.
  std::vector<std::string> resolve;
};

struct ConsumerHeartbeatOutcome {
  ConsumerHeartbeatResult result;
  ConsumerGroupActions actions;
};

// What members of the classic protocol are answered, when the actions' changes are durable.
struct ClassicJoinOutcome {
  JoinResult result;
  ConsumerGroupActions actions;
};
struct ClassicSyncOutcome {
  SyncResult result;
  ConsumerGroupActions actions;
};
struct ClassicBeatOutcome {
  ErrorCode error = ErrorCode::kNone;
  ConsumerGroupActions actions;
};
struct ClassicLeaveOutcome {
  LeaveResult result;
  ConsumerGroupActions actions;
};

// ConsumerGroupState is the state machine of one group of the new protocol (KIP-848): every event
// with its time in, what is to be stored and answered out. It does no I/O and reads no clock.
//
// Three epochs follow each other. The group epoch grows with every change of members,
// subscriptions or topics. The target epoch is the group epoch that the assignor last ran for. A
// member's epoch is the target epoch that it has come to, heartbeat by heartbeat
// (member_reconciliation.h).
//
// Events take effect at once and are answered when they are durable, in order. What could not be
// written is marked so and goes out with the next event: until then nobody was told of it.
// Invariant: a partition is held by one member at a time, until that member has given it up.
// Threads: under the mutex of the group's shard.
class ConsumerGroupState {
 public:
  // A group that nobody has joined yet.
  ConsumerGroupState() = default;
  // A group as it was stored. Its members' sessions start anew.
  static ConsumerGroupState Restore(const ConsumerGroupSnapshot& snapshot,
                                    const ConsumerGroupContext& context);

  // Fields are checked by the caller. An error changes nothing.
  ConsumerHeartbeatOutcome Heartbeat(const ConsumerHeartbeatRequest& request,
                                     const ConsumerGroupContext& context);
  // The same for members of the classic protocol. A join is answered at once: nobody is waited for.
  ClassicJoinOutcome JoinClassic(const JoinRequest& request, const ConsumerGroupContext& context);
  ClassicSyncOutcome SyncClassic(const SyncRequest& request, const ConsumerGroupContext& context);
  ClassicBeatOutcome BeatClassic(const GenerationIdentity& caller,
                                 const ConsumerGroupContext& context);
  ClassicLeaveOutcome LeaveClassic(const std::vector<MemberIdentity>& leaving,
                                   const ConsumerGroupContext& context);

  // A classic group of consumers as one of the new protocol, with everything still to be written;
  // none if its members' metadata are not a consumer's.
  static std::optional<ConsumerGroupState> FromClassic(const GroupState& classic,
                                                       const ConsumerGroupContext& context);
  // The other way round. REQUIRES: IsAllClassic, that is, nobody speaks the new protocol any more.
  GroupSnapshot ToClassic(const ConsumerGroupContext& context) const;
  bool IsAllClassic() const;

  // Acts on every deadline that has passed.
  ConsumerGroupActions Tick(const ConsumerGroupContext& context);
  ConsumerGroupActions Resolved(ResolvedRegexes regexes, const ConsumerGroupContext& context);
  // The write of these changes has failed.
  void MarkUnwritten(const ConsumerGroupKeys& changes) {
    changes_.insert(changes.begin(), changes.end());
  }

  // May the caller commit these offsets? They carry their topics' ids.
  ErrorCode CheckCommit(const CommitRequest& request) const;
  // May somebody who calls itself a member fetch offsets?
  ErrorCode CheckFetch(const OffsetReader& reader) const;
  ErrorCode CheckDelete() const;  // only a group without members may be deleted
  bool IsSubscribedTo(std::string_view topic) const;
  OffsetExpiryRule ExpiryRule() const;

  std::string_view state_name() const;
  const ConsumerGroupMembers& members() const { return members_; }
  const ConsumerGroupEpoch& epoch() const { return epoch_; }
  const ConsumerTargetEpoch& target_epoch() const { return target_epoch_; }
  const ResolvedRegexes& regexes() const { return regexes_; }
  std::optional<TimePoint> next_deadline() const { return timers_.next(); }
  ConsumerGroupDescription Describe(const ConsumerGroupSettings& settings) const;

 private:
  using Key = ConsumerGroupKey;
  struct Refusal {
    ErrorCode error;
    std::string message;
  };
  enum class SubscriptionChange {
    kNone,
    kUnresolved,  // to what it is not known yet
    kChanged,
  };

  // consumer_group_state.cc
  ConsumerHeartbeatResult Advance(const ConsumerHeartbeatRequest& request,
                                  const ConsumerGroupContext& context);
  ConsumerHeartbeatResult Leave(const ConsumerHeartbeatRequest& request,
                                const ConsumerGroupContext& context);
  std::optional<Refusal> CheckHeartbeat(const ConsumerHeartbeatRequest& request,
                                        const ConsumerGroupContext& context) const;
  std::optional<Refusal> CheckMember(const ConsumerHeartbeatRequest& request,
                                     const ConsumerGroupContext& context) const;
  std::optional<Refusal> CheckEpoch(const ConsumerGroupMember& member,
                                    const ConsumerHeartbeatRequest& request) const;
  ConsumerGroupMember& Admit(const ConsumerHeartbeatRequest& request);
  ConsumerGroupMember& ReplaceStatic(const ConsumerGroupMember& former, const std::string& id);
  SubscriptionChange Update(ConsumerGroupMember& member, const ConsumerHeartbeatRequest& request);
  SubscriptionChange SetAbout(ConsumerGroupMember& member, ConsumerMember about);
  void StopTimers(const std::string& member_id);
  void RestartSession(const ConsumerGroupMember& member, const ConsumerGroupContext& context);
  void LeaveForNow(ConsumerGroupMember& member);
  void RemoveMember(const std::string& member_id);
  void MembersLeft(const ConsumerGroupContext& context);
  ConsumerGroupActions TakeActions();

  // consumer_group_classic.cc
  JoinResult AdmitClassic(const JoinRequest& request, const ConsumerGroupContext& context);
  ErrorCode CheckClassicJoin(const JoinRequest& request, const ConsumerGroupContext& context) const;
  ConsumerGroupMember& FindOrAdmitClassic(const JoinRequest& request);
  SubscriptionChange UpdateClassic(ConsumerGroupMember& member, const JoinRequest& request,
                                   const ConsumerSubscription& subscription);
  ErrorCode CheckClassicCaller(const GenerationIdentity& caller) const;
  ErrorCode CheckClassicSync(const SyncRequest& request) const;
  bool HasNewsFor(const ConsumerGroupMember& member) const;
  void ExpectRejoin(const ConsumerGroupMember& member, const ConsumerGroupContext& context);

  // consumer_group_regex.cc
  std::optional<Refusal> CheckRegex(const ConsumerHeartbeatRequest& request) const;
  std::set<std::string> SubscribedRegexes() const;
  void DropUnusedRegexes();
  void MaybeResolve(const ConsumerGroupContext& context);

  // consumer_group_target.cc
  void NoteChanges(SubscriptionChange change, const ConsumerGroupContext& context);
  void BumpEpoch(const ConsumerGroupContext& context);
  void MaybeAssign(const ConsumerGroupContext& context);
  void Assign(const ConsumerGroupContext& context);
  const Assignor& PreferredAssignor(const ConsumerGroupSettings& settings) const;
  void ReconcileMember(ConsumerGroupMember& member, const std::optional<PartitionsByTopic>& owned,
                       SubscriptionChange change, const ConsumerGroupContext& context);
  std::set<std::string, std::less<>> SubscribedNames(const ConsumerGroupMember& member) const;
  std::set<Uuid> SubscribedTopics(const ConsumerGroupMember& member,
                                  const GroupTopics& topics) const;
  std::int64_t MetadataHash(const GroupTopics& topics) const;

  ConsumerGroupMembers members_;
  ConsumerGroupEpoch epoch_ = ConsumerGroupSnapshot().epoch;
  ConsumerTargetEpoch target_epoch_ = ConsumerGroupSnapshot().target_epoch;
  ResolvedRegexes regexes_;
  bool resolving_ = false;                      // the shell is at it
  std::vector<std::string> resolve_;            // what it is to resolve
  std::optional<std::int64_t> topics_version_;  // that epoch_.metadata_hash is known to be of
  GroupTimers timers_;
  ConsumerGroupKeys changes_;  // not written yet
};

}  // namespace gneiss::server
