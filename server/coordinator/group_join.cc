// SPDX-License-Identifier: Apache-2.0

// JoinGroup: who may come in, under which id, and what the answer says.

#include <utility>

#include "server/coordinator/group_state.h"

namespace gneiss::server {
namespace {

// A uuid the way Java writes it, 8-4-4-4-12 hexadecimal digits.
std::string JavaUuidText(const Uuid& id) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text.push_back('-');
    text.push_back(kDigits[id.bytes[i] >> 4]);
    text.push_back(kDigits[id.bytes[i] & 0xf]);
  }
  return text;
}

// Cut to what the key of a record can hold.
std::string NewMemberId(const JoinRequest& request) {
  constexpr std::size_t kNameBytesMax = 32'767;
  const std::string suffix = "-" + JavaUuidText(request.fresh_id);
  const std::string name = request.identity.instance_id.value_or(request.client_id);
  return name.substr(0, kNameBytesMax - suffix.size()) + suffix;
}

}  // namespace

Actions GroupState::Join(JoinRequest request, WaiterId waiter, Instant now) {
  const std::string& member_id = request.identity.member_id;
  if (!HasRoomFor(member_id)) {
    if (GroupMember* member = membership_.Find(member_id)) RemoveMember(*member);
    membership_.RemovePending(member_id);
    RejectJoin(waiter, {}, ErrorCode::kGroupMaxSizeReached);
    CompleteJoinIfAllJoined(now);
  } else if (!SupportsProtocols(request)) {
    RejectJoin(waiter, member_id, ErrorCode::kInconsistentGroupProtocol);
  } else if (member_id.empty()) {
    JoinNewMember(std::move(request), waiter, now);
  } else {
    JoinKnownMember(std::move(request), waiter, now);
  }
  return TakeActions();
}

// Counted are, while members are joining, those that have: so a limit that was lowered takes effect
// with the next rebalance, and the last ones to come back are turned away.
bool GroupState::HasRoomFor(const std::string& member_id) const {
  const GroupMember* member = membership_.Find(member_id);
  const auto size_max = static_cast<std::size_t>(settings_.size_max);
  switch (phase_) {
    case GroupPhase::kEmpty:
      return true;
    case GroupPhase::kPreparingRebalance:
      return (member != nullptr && member->join_waiter) || membership_.CountJoining() < size_max;
    case GroupPhase::kCompletingRebalance:
    case GroupPhase::kStable:
      return member != nullptr || membership_.size() < size_max;
  }
  return false;
}

bool GroupState::SupportsProtocols(const JoinRequest& request) const {
  if (phase_ == GroupPhase::kEmpty) {
    return !request.protocol_type.empty() && !request.protocols.empty();
  }
  return request.protocol_type == protocol_type_ &&
         membership_.HasCommonProtocol(request.protocols);
}

void GroupState::JoinNewMember(JoinRequest request, WaiterId waiter, Instant now) {
  const std::string member_id = NewMemberId(request);
  if (request.identity.instance_id) {
    GroupMember* former = membership_.FindStatic(*request.identity.instance_id);
    if (former != nullptr) {
      ReplaceStaticMember(*former, member_id, std::move(request), waiter, now);
    } else {
      AddMember(member_id, std::move(request), waiter, now);
    }
  } else if (request.dialect.member_id_required) {
    // The client comes back with this id; a retry then does not leave a second member behind
    // (KIP-394).
    membership_.AddPending(member_id);
    timers_.SetSession(member_id, now.steady + request.session_timeout);
    RejectJoin(waiter, member_id, ErrorCode::kMemberIdRequired);
  } else {
    AddMember(member_id, std::move(request), waiter, now);
  }
}

void GroupState::JoinKnownMember(JoinRequest request, WaiterId waiter, Instant now) {
  const std::string member_id = request.identity.member_id;
  if (membership_.IsPending(member_id) && !request.identity.instance_id) {
    AddMember(member_id, std::move(request), waiter, now);
    return;
  }
  const ErrorCode error = membership_.Check(request.identity);
  if (error != ErrorCode::kNone) {
    RejectJoin(waiter, member_id, error);
    return;
  }
  GroupMember& member = *membership_.Find(member_id);
  // A member that changes nothing has missed our answer, or woke up for nothing: it gets the
  // generation it is in. A leader of a stable group wants a rebalance, as the partitions may have
  // changed.
  const bool unchanged = member.protocols == request.protocols;
  const bool is_current =
      (phase_ == GroupPhase::kCompletingRebalance && unchanged) ||
      (phase_ == GroupPhase::kStable && unchanged && !membership_.IsLeader(member));
  if (is_current) {
    RestartSession(member, now);
    Reply(waiter, JoinedResult(member));
    return;
  }
  ParkJoin(member, std::move(request), waiter);
  MaybeRebalance(now);
}

void GroupState::AddMember(const std::string& member_id, JoinRequest request, WaiterId waiter,
                           Instant now) {
  if (initial_delay_) initial_delay_->member_added = true;
  if (membership_.empty()) protocol_type_ = request.protocol_type;
  GroupMember& member = membership_.Add(GroupMember{
      .identity = {member_id, request.identity.instance_id},
      .is_new = true,
  });
  ParkJoin(member, std::move(request), waiter);
  timers_.SetSession(member_id, now.steady + kNewMemberJoinTimeout);
  MaybeRebalance(now);
}

// A static member that was restarted: it knows its instance id but no longer its member id. The
// one that used the old id, if it still runs, is fenced at once.
void GroupState::ReplaceStaticMember(GroupMember& member, const std::string& member_id,
                                     JoinRequest request, WaiterId waiter, Instant now) {
  const std::string former_leader = membership_.leader();
  const bool skip_assignment = request.dialect.skip_assignment;
  if (member.join_waiter) {
    RejectJoin(*member.join_waiter, member.id(), ErrorCode::kFencedInstanceId);
    member.join_waiter.reset();
  }
  if (member.sync_waiter) {
    RejectSync(*member.sync_waiter, ErrorCode::kFencedInstanceId);
    member.sync_waiter.reset();
  }
  timers_.CancelSession(member.id());
  membership_.ReplaceId(member, member_id);
  ParkJoin(member, std::move(request), waiter);
  RestartSession(member, now);
  if (phase_ == GroupPhase::kStable && membership_.ChooseProtocol() == protocol_name_) {
    // Nothing changes for the others, so no rebalance; but the new id has to be durable first.
    Persist(Snapshot(), {.kind = PersistReason::Kind::kStaticMember,
                         .generation = generation_,
                         .waiter = waiter,
                         .former_leader = former_leader,
                         .skip_assignment = skip_assignment});
    return;
  }
  // While the leader assigns (CompletingRebalance) it does so for the old id: hence a rebalance.
  MaybeRebalance(now);
}

// Stores what the request says and lets it wait. An older request of the same member has been given
// up by its client.
void GroupState::ParkJoin(GroupMember& member, JoinRequest request, WaiterId waiter) {
  if (member.join_waiter) {
    RejectJoin(*member.join_waiter, member.id(), ErrorCode::kRebalanceInProgress);
  }
  member.join_waiter = waiter;
  member.client_id = std::move(request.client_id);
  member.client_host = std::move(request.client_host);
  member.session_timeout = request.session_timeout;
  member.rebalance_timeout = request.rebalance_timeout;
  membership_.SetProtocols(member, std::move(request.protocols));
}

void GroupState::RejectJoin(WaiterId waiter, const std::string& member_id, ErrorCode error) {
  JoinResult result;
  result.error = error;
  result.member_id = member_id;
  Reply(waiter, std::move(result));
}

// The present generation, as `member` is told of it.
JoinResult GroupState::JoinedResult(const GroupMember& member) const {
  JoinResult result;
  result.generation = generation_;
  result.protocol_type = protocol_type_;
  result.protocol_name = protocol_name_;
  result.leader = membership_.leader();
  result.member_id = member.id();
  if (!membership_.IsLeader(member)) return result;
  result.members.reserve(membership_.size());
  for (const GroupMember& one : membership_.members()) {
    result.members.push_back({one.identity, one.MetadataFor(*protocol_name_)});
  }
  return result;
}

// The new id of a static member is durable: the member goes on in the generation that it left. A
// rebalance that began meanwhile answers it instead.
void GroupState::FinishStaticReturn(const PersistReason& reason, ErrorCode error) {
  if (phase_ != GroupPhase::kStable || reason.generation != generation_) return;
  for (GroupMember& member : membership_.members()) {
    if (member.join_waiter != reason.waiter) continue;
    member.join_waiter.reset();
    if (error != ErrorCode::kNone) {
      RejectJoin(reason.waiter, {}, error);
      return;
    }
    JoinResult result = JoinedResult(member);
    if (reason.skip_assignment) {
      result.skip_assignment = membership_.IsLeader(member);
    } else {
      // Older clients assign whenever they lead: this one is told that it does not.
      result.leader = reason.former_leader;
      result.members.clear();
    }
    Reply(reason.waiter, std::move(result));
    return;
  }
}

}  // namespace gneiss::server
