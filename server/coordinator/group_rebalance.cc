// SPDX-License-Identifier: Apache-2.0

// Rebalances: when they begin, whom they wait for and how they end.

#include <algorithm>
#include <utility>

#include "server/coordinator/consumer_protocol.h"
#include "server/coordinator/group_state.h"

namespace gneiss::server {

void GroupState::MaybeRebalance(Instant now) {
  if (phase_ == GroupPhase::kPreparingRebalance) {
    CompleteJoinIfAllJoined(now);
  } else {
    PrepareRebalance(now);
  }
}

// REQUIRES: not in PreparingRebalance already.
void GroupState::PrepareRebalance(Instant now) {
  if (phase_ == GroupPhase::kCompletingRebalance) FailSyncs(ErrorCode::kRebalanceInProgress, now);
  storing_.reset();
  timers_.CancelSyncPhase();
  const bool was_empty = phase_ == GroupPhase::kEmpty;
  SetPhase(GroupPhase::kPreparingRebalance, now);
  if (was_empty) {
    const auto delay = settings_.initial_rebalance_delay;
    const auto remaining = std::max(membership_.RebalanceTimeout() - delay, {});
    initial_delay_ = InitialDelay{.delay = delay, .remaining = remaining};
    timers_.SetJoinPhase(now.steady + delay);
  } else if (membership_.AllJoined()) {
    CompleteJoin(now);
  } else {
    timers_.SetJoinPhase(now.steady + membership_.RebalanceTimeout());
  }
}

void GroupState::CompleteJoinIfAllJoined(Instant now) {
  if (phase_ != GroupPhase::kPreparingRebalance || initial_delay_) return;
  if (membership_.AllJoined()) CompleteJoin(now);
}

void GroupState::CompleteJoin(Instant now) {
  timers_.CancelJoinPhase();
  RemoveAbsentMembers();
  if (!membership_.empty() && !membership_.ElectJoinedLeader()) {
    // Only static members are left, and all of them are away: until one comes back or their
    // sessions end there is nobody to lead.
    timers_.SetJoinPhase(now.steady + membership_.RebalanceTimeout());
    return;
  }
  initial_delay_.reset();
  ++generation_;
  if (!membership_.empty()) {
    BeginGeneration(now);
    return;
  }
  protocol_name_.reset();
  SetPhase(GroupPhase::kEmpty, now);
  NoteSubscriptions();
  Persist(Snapshot(), {});
}

// Static members may be away for as long as their sessions last; the others had their time.
void GroupState::RemoveAbsentMembers() {
  std::vector<std::string> absent;
  for (const GroupMember& member : membership_.members()) {
    if (!member.join_waiter && !member.is_static()) absent.push_back(member.id());
  }
  for (const std::string& member_id : absent) RemoveMember(*membership_.Find(member_id));
}

void GroupState::BeginGeneration(Instant now) {
  protocol_name_ = membership_.ChooseProtocol();
  SetPhase(GroupPhase::kCompletingRebalance, now);
  NoteSubscriptions();
  for (GroupMember& member : membership_.members()) {
    if (member.join_waiter) {
      Reply(*member.join_waiter, JoinedResult(member));
      member.join_waiter.reset();
    }
    member.is_new = false;
    member.owes_sync = true;
    RestartSession(member, now);
  }
  timers_.SetSyncPhase(now.steady + membership_.RebalanceTimeout());
}

void GroupState::JoinPhaseEnded(Instant now) {
  if (phase_ != GroupPhase::kPreparingRebalance) return;
  if (initial_delay_ && initial_delay_->member_added && initial_delay_->remaining.count() > 0) {
    InitialDelay& wait = *initial_delay_;
    const auto delay = std::min(settings_.initial_rebalance_delay, wait.remaining);
    const auto remaining = std::max(wait.remaining - wait.delay, {});
    wait = {.delay = delay, .remaining = remaining};
    timers_.SetJoinPhase(now.steady + delay);
    return;
  }
  CompleteJoin(now);
}

// Members that took the generation but never asked for their assignment are dead weight.
void GroupState::SyncPhaseEnded(Instant now) {
  std::vector<std::string> silent;
  for (const GroupMember& member : membership_.members()) {
    if (member.owes_sync) silent.push_back(member.id());
  }
  if (silent.empty()) return;
  for (const std::string& member_id : silent) RemoveMember(*membership_.Find(member_id));
  PrepareRebalance(now);
}

void GroupState::SessionEnded(const std::string& member_id, Instant now) {
  if (membership_.IsPending(member_id)) {
    membership_.RemovePending(member_id);
    CompleteJoinIfAllJoined(now);
    return;
  }
  GroupMember* member = membership_.Find(member_id);
  if (member == nullptr) return;
  // Who waits for our answer cannot send heartbeats; its session starts again with the answer.
  if (!member->is_new && (member->join_waiter || member->sync_waiter)) return;
  RemoveMember(*member);
  MaybeRebalance(now);
}

// Whatever the member has parked is answered, so that a client that still runs joins anew.
void GroupState::RemoveMember(GroupMember& member) {
  if (member.join_waiter) RejectJoin(*member.join_waiter, {}, ErrorCode::kUnknownMemberId);
  if (member.sync_waiter) RejectSync(*member.sync_waiter, ErrorCode::kUnknownMemberId);
  const std::string member_id = member.id();
  timers_.CancelSession(member_id);
  membership_.Remove(member_id);
}

void GroupState::NoteSubscriptions() {
  subscriptions_.reset();
  if (protocol_type_ != kConsumerProtocolType) return;
  std::set<std::string, std::less<>> topics;
  for (const GroupMember& member : membership_.members()) {
    const Result<ConsumerSubscription> subscribed =
        ParseConsumerSubscription(member.MetadataFor(*protocol_name_));
    if (!subscribed.has_value()) return;
    topics.insert(subscribed->fields.topics.begin(), subscribed->fields.topics.end());
  }
  subscriptions_ = std::move(topics);
}

}  // namespace gneiss::server
