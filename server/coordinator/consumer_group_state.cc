// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/consumer_group_state.h"

#include <algorithm>
#include <utility>

#include "server/coordinator/member_reconciliation.h"

namespace gneiss::server {
namespace {

std::vector<std::string> SortedUnique(std::vector<std::string> names) {
  std::ranges::sort(names);
  const auto rest = std::ranges::unique(names);
  names.erase(rest.begin(), rest.end());
  return names;
}

}  // namespace

ConsumerGroupState ConsumerGroupState::Restore(const ConsumerGroupSnapshot& snapshot,
                                               const ConsumerGroupContext& context) {
  ConsumerGroupState group;
  group.epoch_ = snapshot.epoch;
  group.target_epoch_ = snapshot.target_epoch;
  group.regexes_ = snapshot.regexes;
  for (const auto& [id, about] : snapshot.members) {
    ConsumerGroupMember& member = group.members_.FindOrAdd(id);
    group.members_.SetAbout(member, about);
    if (const auto target = snapshot.targets.find(id); target != snapshot.targets.end()) {
      member.target = target->second;
    }
    const auto current = snapshot.assignments.find(id);
    if (current != snapshot.assignments.end()) group.members_.SetCurrent(member, current->second);
    group.RestartSession(member, context);
    if (member.current.state == ConsumerMemberState::kUnrevokedPartitions) {
      group.timers_.SetRevocation(id, context.now.steady + member.about.rebalance_timeout);
    }
  }
  return group;
}

// --- ConsumerGroupHeartbeat ---

ConsumerHeartbeatOutcome ConsumerGroupState::Heartbeat(const ConsumerHeartbeatRequest& request,
                                                       const ConsumerGroupContext& context) {
  ConsumerHeartbeatOutcome outcome;
  const std::optional<Refusal> refusal = CheckHeartbeat(request, context);
  if (refusal) {
    outcome.result.error = refusal->error;
    outcome.result.error_message = refusal->message;
  } else {
    outcome.result = request.member_epoch < 0 ? Leave(request, context) : Advance(request, context);
  }
  outcome.actions = TakeActions();
  return outcome;
}

ConsumerHeartbeatResult ConsumerGroupState::Advance(const ConsumerHeartbeatRequest& request,
                                                    const ConsumerGroupContext& context) {
  ConsumerGroupMember& member = Admit(request);
  if (member.speaks_classic()) StopTimers(member.id);  // it goes over to the new protocol
  const SubscriptionChange change = Update(member, request);
  MaybeResolve(context);
  NoteChanges(change, context);
  MaybeAssign(context);
  const PartitionsByTopic before = WithoutEpochs(member.current.assigned);
  ReconcileMember(member, request.owned, change, context);
  RestartSession(member, context);
  ConsumerHeartbeatResult result;
  result.member_id = member.id;
  result.member_epoch = member.current.member_epoch;
  result.heartbeat_interval = context.settings.heartbeat_interval;
  PartitionsByTopic assigned = WithoutEpochs(member.current.assigned);
  const bool is_full = request.member_epoch == kJoinEpoch || request.is_full();
  if (is_full || assigned != before) result.assignment = std::move(assigned);
  return result;
}

std::optional<ConsumerGroupState::Refusal> ConsumerGroupState::CheckHeartbeat(
    const ConsumerHeartbeatRequest& request, const ConsumerGroupContext& context) const {
  const auto size_max = static_cast<std::size_t>(context.settings.size_max);
  const bool is_known = members_.Find(request.identity.member_id) != nullptr;
  if (request.member_epoch >= 0 && members_.size() >= size_max && !is_known) {
    return Refusal{ErrorCode::kGroupMaxSizeReached,
                   "The consumer group has reached its maximum capacity of " +
                       std::to_string(size_max) + " members."};
  }
  if (std::optional<Refusal> refusal = CheckMember(request, context)) return refusal;
  return CheckRegex(request);
}

std::optional<ConsumerGroupState::Refusal> ConsumerGroupState::CheckMember(
    const ConsumerHeartbeatRequest& request, const ConsumerGroupContext& context) const {
  const auto& [member_id, instance_id] = request.identity;
  const bool joins = request.member_epoch == kJoinEpoch;
  const ConsumerGroupMember* member =
      instance_id ? members_.FindStatic(*instance_id) : members_.Find(member_id);
  if (member == nullptr) {
    if (joins) return std::nullopt;
    return Refusal{
        ErrorCode::kUnknownMemberId,
        instance_id ? "Instance id " + *instance_id + " is unknown."
                    : "Member " + member_id + " is not a member of group " + context.group + "."};
  }
  if (instance_id && joins) {
    if (member->is_away()) return std::nullopt;
    return Refusal{ErrorCode::kUnreleasedInstanceId,
                   "Static member " + member_id + " with instance id " + *instance_id +
                       " cannot join the group because the instance id is owned by " + member->id +
                       " member."};
  }
  if (instance_id && member->id != member_id) {
    return Refusal{ErrorCode::kFencedInstanceId, "Static member " + member_id +
                                                     " with instance id " + *instance_id +
                                                     " was fenced by member " + member->id + "."};
  }
  const bool may_have_any_epoch = joins && !member->is_away();  // it begins again
  if (may_have_any_epoch || request.member_epoch < kJoinEpoch) return std::nullopt;
  return CheckEpoch(*member, request);
}

// An answer that brought a new epoch may have been lost: the member then comes with the epoch
// before, and cannot hold anything that it has not been told to.
std::optional<ConsumerGroupState::Refusal> ConsumerGroupState::CheckEpoch(
    const ConsumerGroupMember& member, const ConsumerHeartbeatRequest& request) const {
  const std::int32_t epoch = request.member_epoch;
  const ConsumerMemberAssignment& current = member.current;
  if (epoch == current.member_epoch) return std::nullopt;
  const bool answer_was_lost = epoch < current.member_epoch &&
                               epoch == current.previous_member_epoch && request.owned &&
                               IsSubset(*request.owned, current.assigned);
  if (answer_was_lost) return std::nullopt;
  return Refusal{ErrorCode::kFencedMemberEpoch,
                 std::string("The consumer group member has a ") +
                     (epoch > current.member_epoch ? "greater" : "smaller") + " member epoch (" +
                     std::to_string(epoch) + ") than the one known by the group coordinator (" +
                     std::to_string(current.member_epoch) +
                     "). The member must abandon all its partitions and rejoin."};
}

ConsumerGroupMember& ConsumerGroupState::Admit(const ConsumerHeartbeatRequest& request) {
  const auto& [member_id, instance_id] = request.identity;
  const ConsumerGroupMember* holder = instance_id ? members_.FindStatic(*instance_id) : nullptr;
  if (holder != nullptr && request.member_epoch == kJoinEpoch) {
    return ReplaceStatic(*holder, member_id);
  }
  return members_.FindOrAdd(member_id);
}

// A static member that comes back: it goes on with what its instance held.
ConsumerGroupMember& ConsumerGroupState::ReplaceStatic(const ConsumerGroupMember& former,
                                                       const std::string& id) {
  ConsumerGroupMember copy = former;
  copy.current.member_epoch = kJoinEpoch;
  copy.current.previous_member_epoch = 0;
  RemoveMember(std::string(former.id));
  if (copy.id != id) RemoveMember(id);
  ConsumerGroupMember& member = members_.FindOrAdd(id);
  members_.SetAbout(member, std::move(copy.about));
  members_.SetTarget(member, std::move(copy.target));
  members_.SetCurrent(member, std::move(copy.current));
  changes_.insert({Key::Kind::kMember, id});
  changes_.insert({Key::Kind::kTarget, id});
  changes_.insert({Key::Kind::kAssignment, id});
  return member;
}

ConsumerGroupState::SubscriptionChange ConsumerGroupState::Update(
    ConsumerGroupMember& member, const ConsumerHeartbeatRequest& request) {
  ConsumerMember about = member.about;
  if (request.identity.instance_id) about.instance_id = request.identity.instance_id;
  if (request.rack_id) about.rack_id = request.rack_id;
  if (request.rebalance_timeout) about.rebalance_timeout = *request.rebalance_timeout;
  if (request.server_assignor) about.server_assignor = request.server_assignor;
  if (request.topic_regex) about.topic_regex = *request.topic_regex;
  if (request.topic_names) about.topic_names = *request.topic_names;
  about.client_id = request.client_id;
  about.client_host = request.client_host;
  about.classic.reset();
  return SetAbout(member, std::move(about));
}

ConsumerGroupState::SubscriptionChange ConsumerGroupState::SetAbout(ConsumerGroupMember& member,
                                                                    ConsumerMember about) {
  about.topic_names = SortedUnique(std::move(about.topic_names));
  if (about == member.about) return SubscriptionChange::kNone;
  const bool has_new_names = about.topic_names != member.about.topic_names;
  const bool has_new_regex = about.topic_regex != member.about.topic_regex;
  members_.SetAbout(member, std::move(about));
  changes_.insert({Key::Kind::kMember, member.id});
  if (has_new_regex) DropUnusedRegexes();
  const std::string& regex = member.about.topic_regex;
  const bool is_resolved = regex.empty() || regexes_.contains(regex);
  if (has_new_names || (has_new_regex && is_resolved)) return SubscriptionChange::kChanged;
  return has_new_regex ? SubscriptionChange::kUnresolved : SubscriptionChange::kNone;
}

ConsumerHeartbeatResult ConsumerGroupState::Leave(const ConsumerHeartbeatRequest& request,
                                                  const ConsumerGroupContext& context) {
  const auto& [member_id, instance_id] = request.identity;
  ConsumerGroupMember& member = *members_.Find(member_id);
  if (instance_id && request.member_epoch == kStaticLeaveEpoch) {
    LeaveForNow(member);
  } else {
    RemoveMember(std::string(member.id));
    MembersLeft(context);
  }
  ConsumerHeartbeatResult result;
  result.member_id = member_id;
  result.member_epoch = request.member_epoch;
  return result;
}

// Its partitions are kept for it until its session ends.
void ConsumerGroupState::LeaveForNow(ConsumerGroupMember& member) {
  ConsumerMemberAssignment current = member.current;
  current.assigned = WithEpoch(WithoutEpochs(current.assigned), 0);
  current.pending_revocation.clear();
  current.state = ConsumerMemberState::kStable;
  current.member_epoch = kStaticLeaveEpoch;
  members_.SetCurrent(member, std::move(current));
  timers_.CancelRevocation(member.id);
  changes_.insert({Key::Kind::kAssignment, member.id});
}

void ConsumerGroupState::RemoveMember(const std::string& member_id) {
  if (members_.Find(member_id) == nullptr) return;
  members_.Remove(member_id);
  StopTimers(member_id);
  changes_.insert({Key::Kind::kMember, member_id});
  changes_.insert({Key::Kind::kTarget, member_id});
  changes_.insert({Key::Kind::kAssignment, member_id});
}

void ConsumerGroupState::StopTimers(const std::string& member_id) {
  for (const GroupTimer::Kind kind : {GroupTimer::Kind::kSession, GroupTimer::Kind::kRevocation,
                                      GroupTimer::Kind::kRejoin, GroupTimer::Kind::kSync}) {
    timers_.Cancel({kind, member_id});
  }
}

void ConsumerGroupState::MembersLeft(const ConsumerGroupContext& context) {
  DropUnusedRegexes();
  BumpEpoch(context);
}

void ConsumerGroupState::RestartSession(const ConsumerGroupMember& member,
                                        const ConsumerGroupContext& context) {
  const std::chrono::milliseconds timeout = member.speaks_classic()
                                                ? member.about.classic->session_timeout
                                                : context.settings.session_timeout;
  timers_.SetSession(member.id, context.now.steady + timeout);
}

ConsumerGroupActions ConsumerGroupState::Tick(const ConsumerGroupContext& context) {
  bool anybody_left = false;
  while (const std::optional<GroupTimer> timer = timers_.PopDue(context.now.steady)) {
    RemoveMember(timer->member);
    anybody_left = true;
  }
  if (anybody_left) MembersLeft(context);
  return TakeActions();
}

ConsumerGroupActions ConsumerGroupState::TakeActions() {
  return {.changes = std::exchange(changes_, {}),
          .next_deadline = timers_.next(),
          .resolve = std::exchange(resolve_, {})};
}

// --- offsets ---

ErrorCode ConsumerGroupState::CheckCommit(const CommitRequest& request) const {
  const auto& [identity, epoch] = request.caller;
  if (epoch < 0 && members_.empty()) return ErrorCode::kNone;  // an administrator
  const ConsumerGroupMember* member = members_.Find(identity.member_id);
  if (member == nullptr) return ErrorCode::kUnknownMemberId;
  if (member->speaks_classic()) {
    const bool is_current = epoch == member->current.member_epoch;
    return is_current ? ErrorCode::kNone : ErrorCode::kIllegalGeneration;
  }
  if (request.member_epochs != ErrorCode::kNone) return request.member_epochs;
  if (epoch == member->current.member_epoch) return ErrorCode::kNone;
  // The member has not heard yet that it has moved on: that is no harm to what it held already.
  const auto was_held = [&](const CommitItem& item) {
    const auto topic = member->current.assigned.find(item.topic_id);
    if (topic == member->current.assigned.end()) return false;
    const auto partition = topic->second.find(item.tp.partition.value());
    return partition != topic->second.end() && partition->second <= epoch;
  };
  const bool accepted =
      epoch < member->current.member_epoch && std::ranges::all_of(request.items, was_held);
  return accepted ? ErrorCode::kNone : ErrorCode::kStaleMemberEpoch;
}

ErrorCode ConsumerGroupState::CheckFetch(const OffsetReader& reader) const {
  if (!reader.member_id && reader.member_epoch < 0) return ErrorCode::kNone;
  const ConsumerGroupMember* member = members_.Find(reader.member_id.value_or(""));
  if (member == nullptr) return ErrorCode::kUnknownMemberId;
  if (reader.member_epoch == member->current.member_epoch) return ErrorCode::kNone;
  return member->speaks_classic() ? ErrorCode::kIllegalGeneration : ErrorCode::kStaleMemberEpoch;
}

ErrorCode ConsumerGroupState::CheckDelete() const {
  return members_.empty() ? ErrorCode::kNone : ErrorCode::kNonEmptyGroup;
}

bool ConsumerGroupState::IsSubscribedTo(std::string_view topic) const {
  return std::ranges::any_of(members_.all(), [&](const auto& entry) {
    return SubscribedNames(entry.second).contains(topic);
  });
}

OffsetExpiryRule ConsumerGroupState::ExpiryRule() const {
  OffsetExpiryRule rule{.base = OffsetExpiryRule::Base::kCommitTime};
  for (const auto& [id, member] : members_.all()) rule.kept_topics.merge(SubscribedNames(member));
  return rule;
}

// --- views ---

std::string_view ConsumerGroupState::state_name() const {
  if (members_.empty()) return "Empty";
  if (epoch_.epoch > target_epoch_.epoch) return "Assigning";
  const bool is_stable = std::ranges::all_of(members_.all(), [this](const auto& entry) {
    return entry.second.IsReconciledTo(target_epoch_.epoch);
  });
  return is_stable ? "Stable" : "Reconciling";
}

ConsumerGroupDescription ConsumerGroupState::Describe(const ConsumerGroupSettings& settings) const {
  ConsumerGroupDescription description;
  description.state = state_name();
  description.group_epoch = epoch_.epoch;
  description.target_epoch = target_epoch_.epoch;
  description.assignor = PreferredAssignor(settings).name();
  for (const auto& [id, member] : members_.all()) {
    description.members.push_back({.identity = {id, member.about.instance_id},
                                   .rack_id = member.about.rack_id,
                                   .member_epoch = member.current.member_epoch,
                                   .client_id = member.about.client_id,
                                   .client_host = member.about.client_host,
                                   .topic_names = member.about.topic_names,
                                   .topic_regex = member.about.topic_regex,
                                   .assigned = HeldPartitions(member.current),
                                   .target = member.target,
                                   .speaks_classic = member.speaks_classic()});
  }
  return description;
}

}  // namespace gneiss::server
