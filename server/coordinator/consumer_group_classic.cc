// SPDX-License-Identifier: Apache-2.0

// Members that speak the classic protocol in a group of the new one (KIP-848): while a group goes
// over, member by member, both have to get along. Nobody leads; each member syncs what the
// coordinator has assigned to it, and is told to join again when there is something new for it.

#include <algorithm>
#include <utility>

#include "server/coordinator/consumer_group_state.h"
#include "server/coordinator/consumer_protocol.h"
#include "server/coordinator/group_membership.h"
#include "server/coordinator/member_reconciliation.h"

namespace gneiss::server {
namespace {

JoinResult JoinError(ErrorCode error, std::string member_id = {}) {
  JoinResult result;
  result.error = error;
  result.member_id = std::move(member_id);
  return result;
}

const std::string& ProtocolOf(const ConsumerGroupMember& member) {
  return member.about.classic->protocols.front().name;
}

// All members that speak the classic protocol, as it knows them.
GroupMembership ClassicMembership(const ConsumerGroupMembers& members) {
  GroupMembership membership;
  for (const auto& [id, member] : members.all()) {
    if (!member.speaks_classic()) continue;
    membership.Add(GroupMember{.identity = {id, member.about.instance_id},
                               .protocols = member.about.classic->protocols});
  }
  return membership;
}

}  // namespace

// --- JoinGroup ---

ClassicJoinOutcome ConsumerGroupState::JoinClassic(const JoinRequest& request,
                                                   const ConsumerGroupContext& context) {
  ClassicJoinOutcome outcome;
  outcome.result = AdmitClassic(request, context);
  outcome.actions = TakeActions();
  return outcome;
}

JoinResult ConsumerGroupState::AdmitClassic(const JoinRequest& request,
                                            const ConsumerGroupContext& context) {
  const auto& [member_id, instance_id] = request.identity;
  const ErrorCode error = CheckClassicJoin(request, context);
  if (error != ErrorCode::kNone) return JoinError(error);
  if (member_id.empty() && !instance_id && request.dialect.member_id_required) {
    return JoinError(ErrorCode::kMemberIdRequired, request.fresh_id.ToString());
  }
  const Result<ConsumerSubscription> subscription =
      ParseConsumerSubscription(request.protocols.front().metadata);
  if (!subscription.has_value()) return JoinError(ErrorCode::kInconsistentGroupProtocol);

  ConsumerGroupMember& member = FindOrAdmitClassic(request);
  const SubscriptionChange change = UpdateClassic(member, request, *subscription);
  NoteChanges(change, context);
  MaybeAssign(context);
  ReconcileMember(member, OwnedPartitions(*subscription, context.topics), change, context);
  RestartSession(member, context);
  timers_.Cancel({GroupTimer::Kind::kRejoin, member.id});
  timers_.Set({GroupTimer::Kind::kSync, member.id},
              context.now.steady + member.about.rebalance_timeout);
  JoinResult result;
  result.generation = member.current.member_epoch;
  result.protocol_type = kConsumerProtocolType;
  result.protocol_name = ProtocolOf(member);
  result.member_id = member.id;
  return result;
}

ErrorCode ConsumerGroupState::CheckClassicJoin(const JoinRequest& request,
                                               const ConsumerGroupContext& context) const {
  const auto& [member_id, instance_id] = request.identity;
  const bool is_known = members_.Find(member_id) != nullptr;
  const bool is_full = members_.size() >= static_cast<std::size_t>(context.settings.size_max);
  if (is_full && !is_known) return ErrorCode::kGroupMaxSizeReached;
  const bool fits = request.protocol_type == kConsumerProtocolType && !request.protocols.empty() &&
                    ClassicMembership(members_).HasCommonProtocol(request.protocols);
  if (!fits) return ErrorCode::kInconsistentGroupProtocol;
  if (!instance_id || member_id.empty()) return ErrorCode::kNone;
  const ConsumerGroupMember* holder = members_.FindStatic(*instance_id);
  if (holder == nullptr) return ErrorCode::kUnknownMemberId;
  return holder->id == member_id ? ErrorCode::kNone : ErrorCode::kFencedInstanceId;
}

// A static member without an id takes the place of who held its instance id, whichever protocol
// that one spoke.
ConsumerGroupMember& ConsumerGroupState::FindOrAdmitClassic(const JoinRequest& request) {
  const auto& [member_id, instance_id] = request.identity;
  if (!member_id.empty()) return members_.FindOrAdd(member_id);
  const std::string fresh_id = request.fresh_id.ToString();
  const ConsumerGroupMember* holder = instance_id ? members_.FindStatic(*instance_id) : nullptr;
  return holder != nullptr ? ReplaceStatic(*holder, fresh_id) : members_.FindOrAdd(fresh_id);
}

ConsumerGroupState::SubscriptionChange ConsumerGroupState::UpdateClassic(
    ConsumerGroupMember& member, const JoinRequest& request,
    const ConsumerSubscription& subscription) {
  ConsumerMember about = member.about;
  if (request.identity.instance_id) about.instance_id = request.identity.instance_id;
  if (subscription.fields.rack_id) about.rack_id = subscription.fields.rack_id;
  about.rebalance_timeout = request.rebalance_timeout;
  about.topic_names = subscription.fields.topics;
  about.topic_regex.clear();
  about.client_id = request.client_id;
  about.client_host = request.client_host;
  about.classic = ClassicMember{request.session_timeout, request.protocols};
  return SetAbout(member, std::move(about));
}

// --- SyncGroup, Heartbeat, LeaveGroup ---

ErrorCode ConsumerGroupState::CheckClassicCaller(const GenerationIdentity& caller) const {
  const auto& [member_id, instance_id] = caller.identity;
  const ConsumerGroupMember* member =
      instance_id ? members_.FindStatic(*instance_id) : members_.Find(member_id);
  if (member == nullptr) return ErrorCode::kUnknownMemberId;
  if (member->id != member_id) return ErrorCode::kFencedInstanceId;
  if (!member->speaks_classic()) return ErrorCode::kUnknownMemberId;
  const bool is_current = caller.generation == member->current.member_epoch;
  return is_current ? ErrorCode::kNone : ErrorCode::kIllegalGeneration;
}

ClassicSyncOutcome ConsumerGroupState::SyncClassic(const SyncRequest& request,
                                                   const ConsumerGroupContext& context) {
  ClassicSyncOutcome outcome;
  SyncResult& result = outcome.result;
  result.error = CheckClassicSync(request);
  if (result.error == ErrorCode::kRebalanceInProgress) {
    ExpectRejoin(*members_.Find(request.caller.identity.member_id), context);
  } else if (result.error == ErrorCode::kNone) {
    const ConsumerGroupMember& member = *members_.Find(request.caller.identity.member_id);
    timers_.Cancel({GroupTimer::Kind::kSync, member.id});
    RestartSession(member, context);
    const Result<ConsumerSubscription> subscription =
        ParseConsumerSubscription(member.about.classic->protocols.front().metadata);
    result.protocol_type = kConsumerProtocolType;
    result.protocol_name = ProtocolOf(member);
    result.assignment = EncodeConsumerAssignment(
        WithoutEpochs(member.current.assigned),
        subscription.has_value() ? subscription->version : std::int16_t{0}, context.topics);
  }
  outcome.actions = TakeActions();
  return outcome;
}

// A member that has just joined to give something up syncs what it keeps, whatever the epochs.
ErrorCode ConsumerGroupState::CheckClassicSync(const SyncRequest& request) const {
  const ErrorCode error = CheckClassicCaller(request.caller);
  if (error != ErrorCode::kNone) return error;
  const ConsumerGroupMember& member = *members_.Find(request.caller.identity.member_id);
  const bool fits =
      request.protocol_type.value_or(kConsumerProtocolType) == kConsumerProtocolType &&
      request.protocol_name.value_or(ProtocolOf(member)) == ProtocolOf(member);
  if (!fits) return ErrorCode::kInconsistentGroupProtocol;
  const bool is_behind = member.current.member_epoch < target_epoch_.epoch &&
                         member.current.state != ConsumerMemberState::kUnrevokedPartitions;
  return is_behind ? ErrorCode::kRebalanceInProgress : ErrorCode::kNone;
}

ClassicBeatOutcome ConsumerGroupState::BeatClassic(const GenerationIdentity& caller,
                                                   const ConsumerGroupContext& context) {
  ClassicBeatOutcome outcome;
  outcome.error = CheckClassicCaller(caller);
  if (outcome.error == ErrorCode::kNone) {
    const ConsumerGroupMember& member = *members_.Find(caller.identity.member_id);
    RestartSession(member, context);
    if (HasNewsFor(member)) {
      outcome.error = ErrorCode::kRebalanceInProgress;
      ExpectRejoin(member, context);
    }
  }
  outcome.actions = TakeActions();
  return outcome;
}

// Whether the member would come further by joining again.
bool ConsumerGroupState::HasNewsFor(const ConsumerGroupMember& member) const {
  if (member.current.member_epoch < target_epoch_.epoch) return true;
  switch (member.current.state) {
    case ConsumerMemberState::kStable:
      return false;
    case ConsumerMemberState::kUnrevokedPartitions:
    case ConsumerMemberState::kUnknown:
      return true;
    case ConsumerMemberState::kUnreleasedPartitions:
      break;
  }
  // Not before all that it waits for is free.
  return std::ranges::none_of(member.target, [&](const auto& topic) {
    return std::ranges::any_of(topic.second, [&](std::int32_t partition) {
      const bool has_it = IsSubset({{topic.first, {partition}}}, member.current.assigned);
      return !has_it && members_.IsTaken(topic.first, partition);
    });
  });
}

// The member was told to join again, once: from the first time on it has its rebalance timeout.
void ConsumerGroupState::ExpectRejoin(const ConsumerGroupMember& member,
                                      const ConsumerGroupContext& context) {
  const GroupTimer timer{GroupTimer::Kind::kRejoin, member.id};
  if (!timers_.Has(timer)) {
    timers_.Set(timer, context.now.steady + member.about.rebalance_timeout);
  }
}

ClassicLeaveOutcome ConsumerGroupState::LeaveClassic(const std::vector<MemberIdentity>& leaving,
                                                     const ConsumerGroupContext& context) {
  ClassicLeaveOutcome outcome;
  bool anybody_left = false;
  for (const MemberIdentity& identity : leaving) {
    const ConsumerGroupMember* member = identity.instance_id
                                            ? members_.FindStatic(*identity.instance_id)
                                            : members_.Find(identity.member_id);
    ErrorCode error = ErrorCode::kNone;
    if (member == nullptr) {
      error = ErrorCode::kUnknownMemberId;
    } else if (!identity.member_id.empty() && member->id != identity.member_id) {
      error = ErrorCode::kFencedInstanceId;
    } else {
      RemoveMember(std::string(member->id));
      anybody_left = true;
    }
    outcome.result.members.push_back({identity, error});
  }
  if (anybody_left) MembersLeft(context);
  outcome.actions = TakeActions();
  return outcome;
}

// --- from one kind to the other ---

std::optional<ConsumerGroupState> ConsumerGroupState::FromClassic(
    const GroupState& classic, const ConsumerGroupContext& context) {
  ConsumerGroupState group;
  const std::int32_t generation = classic.generation();
  for (const GroupMember& one : classic.membership().members()) {
    if (one.protocols.empty()) return std::nullopt;
    const std::string protocol = classic.protocol_name().value_or(one.protocols.front().name);
    const Result<ConsumerSubscription> subscription =
        ParseConsumerSubscription(one.MetadataFor(protocol));
    const Result<PartitionsByTopic> assigned =
        ParseConsumerAssignment(one.assignment, context.topics);
    if (!subscription.has_value() || !assigned.has_value()) return std::nullopt;
    ConsumerGroupMember& member = group.members_.FindOrAdd(one.id());
    group.SetAbout(member, {.instance_id = one.identity.instance_id,
                            .rack_id = subscription->fields.rack_id,
                            .client_id = one.client_id,
                            .client_host = one.client_host,
                            .topic_names = subscription->fields.topics,
                            .topic_regex = "",
                            .rebalance_timeout = one.rebalance_timeout,
                            .server_assignor = std::nullopt,
                            .classic = ClassicMember{one.session_timeout, one.protocols}});
    group.members_.SetCurrent(member, {.member_epoch = generation,
                                       .previous_member_epoch = generation,
                                       .state = ConsumerMemberState::kStable,
                                       .assigned = WithEpoch(*assigned, generation),
                                       .pending_revocation = {}});
    group.members_.SetTarget(member, WithoutEpochs(member.current.assigned));
    group.RestartSession(member, context);
    group.changes_.insert({Key::Kind::kTarget, member.id});
    group.changes_.insert({Key::Kind::kAssignment, member.id});
  }
  group.epoch_ = {.epoch = generation, .metadata_hash = group.MetadataHash(context.topics)};
  group.target_epoch_ = {.epoch = generation, .assigned_at = 0};
  group.changes_.insert({Key::Kind::kEpoch});
  group.changes_.insert({Key::Kind::kTargetEpoch});
  return group;
}

bool ConsumerGroupState::IsAllClassic() const {
  return !members_.empty() && std::ranges::all_of(members_.all(), [](const auto& entry) {
    return entry.second.speaks_classic();
  });
}

GroupSnapshot ConsumerGroupState::ToClassic(const ConsumerGroupContext& context) const {
  const GroupMembership membership = ClassicMembership(members_);
  const std::string protocol = membership.ChooseProtocol();
  GroupSnapshot snapshot;
  snapshot.protocol_type = kConsumerProtocolType;
  snapshot.generation = target_epoch_.epoch;  // that the members are at, or on their way to
  snapshot.protocol = protocol;
  snapshot.leader = membership.leader();
  snapshot.state_since = context.now.wall_ms;
  for (const GroupMember& one : membership.members()) {
    const ConsumerGroupMember& member = *members_.Find(one.id());
    const SharedBytes metadata = one.MetadataFor(protocol);
    const Result<ConsumerSubscription> subscription = ParseConsumerSubscription(metadata);
    snapshot.members.push_back(
        {.identity = one.identity,
         .client_id = member.about.client_id,
         .client_host = member.about.client_host,
         .rebalance_timeout = member.about.rebalance_timeout,
         .session_timeout = member.about.classic->session_timeout,
         .subscription = metadata,
         .assignment = EncodeConsumerAssignment(
             member.target, subscription.has_value() ? subscription->version : std::int16_t{0},
             context.topics)});
  }
  return snapshot;
}

}  // namespace gneiss::server
