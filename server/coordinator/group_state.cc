// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/group_state.h"

#include <algorithm>
#include <utility>

namespace gneiss::server {

std::string_view ToString(GroupPhase phase) {
  switch (phase) {
    case GroupPhase::kEmpty:
      return "Empty";
    case GroupPhase::kPreparingRebalance:
      return "PreparingRebalance";
    case GroupPhase::kCompletingRebalance:
      return "CompletingRebalance";
    case GroupPhase::kStable:
      return "Stable";
  }
  return "";
}

GroupState::GroupState(const GroupSettings& settings, Instant now)
    : settings_(settings), phase_since_(now.wall_ms) {}

GroupState GroupState::Restore(const GroupSettings& settings, const GroupSnapshot& snapshot,
                               Instant now) {
  GroupState group(settings, now);
  group.phase_since_ = snapshot.state_since;
  group.generation_ = snapshot.generation;
  group.protocol_type_ = snapshot.protocol_type;
  if (!snapshot.members.empty()) {
    group.phase_ = GroupPhase::kStable;
    group.protocol_name_ = snapshot.protocol.value_or("");
  }
  for (const MemberSnapshot& stored : snapshot.members) {
    if (group.membership_.Find(stored.identity.member_id) != nullptr) continue;
    const GroupMember& member = group.membership_.Add(GroupMember{
        .identity = stored.identity,
        .client_id = stored.client_id,
        .client_host = stored.client_host,
        .rebalance_timeout = stored.rebalance_timeout,
        .session_timeout = stored.session_timeout,
        .protocols = {{*group.protocol_name_, stored.subscription}},
        .assignment = stored.assignment,
    });
    group.RestartSession(member, now);
  }
  if (snapshot.leader && group.membership_.Find(*snapshot.leader) != nullptr) {
    group.membership_.set_leader(*snapshot.leader);
  }
  group.NoteSubscriptions();
  if (group.membership_.size() > static_cast<std::size_t>(settings.size_max)) {
    group.PrepareRebalance(now);  // the limit was lowered: it decides who may come back
  }
  return group;
}

// --- SyncGroup ---

Actions GroupState::Sync(const SyncRequest& request, WaiterId waiter, Instant now) {
  const ErrorCode error = CheckSync(request);
  if (error != ErrorCode::kNone) {
    RejectSync(waiter, error);
    return TakeActions();
  }
  GroupMember& member = *membership_.Find(request.caller.identity.member_id);
  member.owes_sync = false;
  if (std::ranges::none_of(membership_.members(), &GroupMember::owes_sync)) {
    timers_.CancelSyncPhase();
  }
  if (phase_ == GroupPhase::kStable) {
    RestartSession(member, now);
    Reply(waiter, SyncedResult(member));
  } else {
    ParkSync(member, waiter);
    if (membership_.IsLeader(member) && !storing_) StoreAssignment(request);
  }
  return TakeActions();
}

ErrorCode GroupState::CheckCaller(const GenerationIdentity& caller) const {
  const ErrorCode error = membership_.Check(caller.identity);
  if (error != ErrorCode::kNone) return error;
  return caller.generation == generation_ ? ErrorCode::kNone : ErrorCode::kIllegalGeneration;
}

ErrorCode GroupState::CheckSync(const SyncRequest& request) const {
  const ErrorCode error = CheckCaller(request.caller);
  if (error != ErrorCode::kNone) return error;
  if (request.protocol_type && *request.protocol_type != protocol_type_) {
    return ErrorCode::kInconsistentGroupProtocol;
  }
  if (request.protocol_name && protocol_name_ && *request.protocol_name != *protocol_name_) {
    return ErrorCode::kInconsistentGroupProtocol;
  }
  if (phase_ == GroupPhase::kPreparingRebalance) return ErrorCode::kRebalanceInProgress;
  return ErrorCode::kNone;
}

void GroupState::ParkSync(GroupMember& member, WaiterId waiter) {
  if (member.sync_waiter) RejectSync(*member.sync_waiter, ErrorCode::kRebalanceInProgress);
  member.sync_waiter = waiter;
}

// Nobody learns of the assignment before it is durable: after a crash the group must come back with
// what its members were told.
void GroupState::StoreAssignment(const SyncRequest& request) {
  Assignments& assignments = storing_.emplace();
  for (const MemberAssignment& one : request.assignments) {
    assignments.insert_or_assign(one.member_id, one.assignment);
  }
  Persist(SnapshotWith(&assignments),
          {.kind = PersistReason::Kind::kAssignment, .generation = generation_});
}

void GroupState::FinishAssignment(const PersistReason& reason, ErrorCode error, Instant now) {
  const bool is_current = phase_ == GroupPhase::kCompletingRebalance &&
                          reason.generation == generation_ && storing_.has_value();
  if (!is_current) return;  // a rebalance has begun meanwhile
  if (error != ErrorCode::kNone) {
    FailSyncs(error, now);
    PrepareRebalance(now);
    return;
  }
  SetPhase(GroupPhase::kStable, now);
  for (GroupMember& member : membership_.members()) {
    const auto assigned = storing_->find(member.id());
    member.assignment = assigned == storing_->end() ? SharedBytes() : assigned->second;
    if (!member.sync_waiter) continue;
    Reply(*member.sync_waiter, SyncedResult(member));
    member.sync_waiter.reset();
    RestartSession(member, now);
  }
  storing_.reset();
}

// While its sync was parked a member's session may have run out unnoticed: it starts again here.
void GroupState::FailSyncs(ErrorCode error, Instant now) {
  for (GroupMember& member : membership_.members()) {
    member.assignment = SharedBytes();
    if (!member.sync_waiter) continue;
    RejectSync(*member.sync_waiter, error);
    member.sync_waiter.reset();
    RestartSession(member, now);
  }
}

void GroupState::RejectSync(WaiterId waiter, ErrorCode error) {
  SyncResult result;
  result.error = error;
  Reply(waiter, std::move(result));
}

SyncResult GroupState::SyncedResult(const GroupMember& member) const {
  return {.protocol_type = protocol_type_,
          .protocol_name = protocol_name_,
          .assignment = member.assignment};
}

// --- Heartbeat, LeaveGroup ---

ErrorCode GroupState::Heartbeat(const GenerationIdentity& caller, Instant now) {
  const ErrorCode error = CheckCaller(caller);
  if (error != ErrorCode::kNone) return error;
  RestartSession(*membership_.Find(caller.identity.member_id), now);
  return phase_ == GroupPhase::kPreparingRebalance ? ErrorCode::kRebalanceInProgress
                                                   : ErrorCode::kNone;
}

LeaveOutcome GroupState::Leave(const std::vector<MemberIdentity>& leaving, Instant now) {
  LeaveOutcome outcome;
  bool anybody_left = false;
  for (const MemberIdentity& identity : leaving) {
    const ErrorCode error = LeaveOne(identity);
    anybody_left |= error == ErrorCode::kNone;
    outcome.result.members.push_back({identity, error});
  }
  // From Empty only ids can have left that nobody had joined with yet.
  if (anybody_left && phase_ != GroupPhase::kEmpty) MaybeRebalance(now);
  outcome.actions = TakeActions();
  return outcome;
}

// An instance id without a member id is how an administrator removes a static member.
ErrorCode GroupState::LeaveOne(const MemberIdentity& identity) {
  if (identity.member_id.empty()) {
    GroupMember* member =
        identity.instance_id ? membership_.FindStatic(*identity.instance_id) : nullptr;
    if (member == nullptr) return ErrorCode::kUnknownMemberId;
    RemoveMember(*member);
    return ErrorCode::kNone;
  }
  if (membership_.IsPending(identity.member_id)) {
    membership_.RemovePending(identity.member_id);
    timers_.CancelSession(identity.member_id);
    return ErrorCode::kNone;
  }
  const ErrorCode error = membership_.Check(identity);
  if (error == ErrorCode::kNone) RemoveMember(*membership_.Find(identity.member_id));
  return error;
}

// --- time, storage, the end ---

Actions GroupState::Tick(Instant now) {
  while (const std::optional<GroupTimer> timer = timers_.PopDue(now.steady)) {
    switch (timer->kind) {
      case GroupTimer::Kind::kJoinPhase:
        JoinPhaseEnded(now);
        break;
      case GroupTimer::Kind::kSyncPhase:
        SyncPhaseEnded(now);
        break;
      case GroupTimer::Kind::kSession:
        SessionEnded(timer->member, now);
        break;
      case GroupTimer::Kind::kRevocation:
      case GroupTimer::Kind::kRejoin:
      case GroupTimer::Kind::kSync:
        break;  // of the new protocol
    }
  }
  return TakeActions();
}

Actions GroupState::Persisted(const PersistReason& reason, ErrorCode error, Instant now) {
  switch (reason.kind) {
    case PersistReason::Kind::kRecord:
      break;
    case PersistReason::Kind::kAssignment:
      FinishAssignment(reason, error, now);
      break;
    case PersistReason::Kind::kStaticMember:
      FinishStaticReturn(reason, error);
      break;
  }
  return TakeActions();
}

Actions GroupState::BeginAnew(Instant now) {
  Persist(Snapshot(), {});
  PrepareRebalance(now);
  return TakeActions();
}

Actions GroupState::Dissolve(ErrorCode error) {
  for (GroupMember& member : membership_.members()) {
    if (member.join_waiter) RejectJoin(*member.join_waiter, member.id(), error);
    if (member.sync_waiter) RejectSync(*member.sync_waiter, error);
    member.join_waiter.reset();
    member.sync_waiter.reset();
  }
  timers_.Clear();
  return TakeActions();
}

void GroupState::RestartSession(const GroupMember& member, Instant now) {
  timers_.SetSession(member.id(), now.steady + member.session_timeout);
}

void GroupState::SetPhase(GroupPhase phase, Instant now) {
  phase_ = phase;
  phase_since_ = now.wall_ms;
}

void GroupState::Reply(WaiterId to, std::variant<JoinResult, SyncResult> result) {
  actions_.replies.push_back({to, std::move(result)});
}

void GroupState::Persist(GroupSnapshot snapshot, PersistReason reason) {
  actions_.persists.push_back({std::move(snapshot), std::move(reason)});
}

Actions GroupState::TakeActions() {
  actions_.next_deadline = timers_.next();
  return std::exchange(actions_, {});
}

// --- offsets ---

ErrorCode GroupState::CheckCommit(const GenerationIdentity& caller, Instant now) {
  const MemberIdentity& identity = caller.identity;
  // Without a generation it is a consumer that assigns itself, or an administrator.
  if (caller.generation < 0 && phase_ == GroupPhase::kEmpty) return ErrorCode::kNone;
  const bool is_anonymous =
      caller.generation < 0 && identity.member_id.empty() && !identity.instance_id;
  if (is_anonymous) return ErrorCode::kUnknownMemberId;
  const ErrorCode error = CheckCaller(caller);
  if (error != ErrorCode::kNone) return error;
  // The member knows the new generation but not yet its part in it; it tries again after the sync.
  if (phase_ == GroupPhase::kCompletingRebalance) return ErrorCode::kRebalanceInProgress;
  RestartSession(*membership_.Find(identity.member_id), now);
  return ErrorCode::kNone;
}

ErrorCode GroupState::CheckDelete() const {
  return phase_ == GroupPhase::kEmpty ? ErrorCode::kNone : ErrorCode::kNonEmptyGroup;
}

ErrorCode GroupState::CheckOffsetDelete() const {
  if (phase_ == GroupPhase::kEmpty || protocol_type_ == kConsumerProtocolType) {
    return ErrorCode::kNone;
  }
  return ErrorCode::kNonEmptyGroup;
}

bool GroupState::IsSubscribedTo(std::string_view topic) const {
  if (protocol_type_ != kConsumerProtocolType) return false;
  return !subscriptions_ || subscriptions_->contains(topic);
}

OffsetExpiryRule GroupState::ExpiryRule() const {
  using Base = OffsetExpiryRule::Base;
  if (protocol_type_.empty()) return {.base = Base::kCommitTime};
  if (phase_ == GroupPhase::kEmpty) {
    // Records of old brokers do not tell since when.
    if (phase_since_ == kNoTimestamp) return {.base = Base::kCommitTime};
    return {.base = Base::kEmptySince, .empty_since = phase_since_};
  }
  if (phase_ == GroupPhase::kStable && protocol_type_ == kConsumerProtocolType && subscriptions_) {
    return {.base = Base::kCommitTime, .kept_topics = *subscriptions_};
  }
  return {.base = Base::kNever};
}

// --- views ---

GroupDescription GroupState::Describe() const {
  GroupDescription description;
  description.state = ToString(phase_);
  description.protocol_type = protocol_type_;
  // Before the group is stable its metadata and assignments belong to different generations.
  const bool is_stable = phase_ == GroupPhase::kStable;
  if (is_stable) description.protocol_name = *protocol_name_;
  for (const GroupMember& member : membership_.members()) {
    description.members.push_back({
        .identity = member.identity,
        .client_id = member.client_id,
        .client_host = member.client_host,
        .metadata = is_stable ? member.MetadataFor(*protocol_name_) : SharedBytes(),
        .assignment = member.assignment,
    });
  }
  return description;
}

GroupSnapshot GroupState::Snapshot() const { return SnapshotWith(nullptr); }

GroupSnapshot GroupState::EmptySnapshot() const {
  GroupSnapshot snapshot;
  snapshot.state_since = phase_since_;
  return snapshot;
}

// With `assignments` instead of the members' own, if given.
GroupSnapshot GroupState::SnapshotWith(const Assignments* assignments) const {
  GroupSnapshot snapshot;
  snapshot.protocol_type = protocol_type_;
  snapshot.generation = generation_;
  snapshot.protocol = protocol_name_;
  if (!membership_.empty()) snapshot.leader = membership_.leader();
  snapshot.state_since = phase_since_;
  for (const GroupMember& member : membership_.members()) {
    MemberSnapshot& stored = snapshot.members.emplace_back(MemberSnapshot{
        .identity = member.identity,
        .client_id = member.client_id,
        .client_host = member.client_host,
        .rebalance_timeout = member.rebalance_timeout,
        .session_timeout = member.session_timeout,
        .subscription = member.MetadataFor(protocol_name_.value_or("")),
        .assignment = member.assignment,
    });
    if (assignments == nullptr) continue;
    const auto assigned = assignments->find(member.id());
    stored.assignment = assigned == assignments->end() ? SharedBytes() : assigned->second;
  }
  return snapshot;
}

}  // namespace gneiss::server
