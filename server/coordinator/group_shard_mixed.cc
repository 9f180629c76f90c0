// SPDX-License-Identifier: Apache-2.0

// Members of the classic protocol in groups of the new one, and groups that go over from one to
// the other.

#include <utility>

#include "server/coordinator/group_shard.h"

namespace gneiss::server {

void GroupShard::JoinConsumer(const std::string& name, Group& group, const JoinRequest& request,
                              Answer<JoinResult> answer, Deliveries& out) {
  const EventContext event(consumer_, name, Now());
  ClassicJoinOutcome outcome = group.consumer()->JoinClassic(request, event.context());
  auto reply = [result = std::move(outcome.result),
                answer = std::move(answer)](ErrorCode error) mutable {
    if (error != ErrorCode::kNone) {
      result = {};
      result.error = error;
    }
    answer(std::move(result));
  };
  WriteChanges(name, group, std::move(outcome.actions), std::move(reply), out);
  // A static member may have taken the place of the last one that spoke the new protocol.
  if (request.identity.instance_id) MaybeDowngrade(name, group, event.context(), out);
}

void GroupShard::SyncConsumer(const std::string& name, Group& group, const SyncRequest& request,
                              Answer<SyncResult> answer, Deliveries& out) {
  const EventContext event(consumer_, name, Now());
  ClassicSyncOutcome outcome = group.consumer()->SyncClassic(request, event.context());
  auto reply = [result = std::move(outcome.result),
                answer = std::move(answer)](ErrorCode error) mutable {
    if (error != ErrorCode::kNone) {
      result = {};
      result.error = error;
    }
    answer(std::move(result));
  };
  WriteChanges(name, group, std::move(outcome.actions), std::move(reply), out);
}

ErrorCode GroupShard::BeatConsumer(const std::string& name, Group& group,
                                   const GenerationIdentity& caller, Deliveries& out) {
  const EventContext event(consumer_, name, Now());
  ClassicBeatOutcome outcome = group.consumer()->BeatClassic(caller, event.context());
  WriteChanges(name, group, std::move(outcome.actions), [](ErrorCode) {}, out);
  return outcome.error;
}

LeaveResult GroupShard::LeaveConsumer(const std::string& name, Group& group,
                                      const std::vector<MemberIdentity>& members, Deliveries& out) {
  const EventContext event(consumer_, name, Now());
  ClassicLeaveOutcome outcome = group.consumer()->LeaveClassic(members, event.context());
  WriteChanges(name, group, std::move(outcome.actions), [](ErrorCode) {}, out);
  MaybeDowngrade(name, group, event.context(), out);
  return std::move(outcome.result);
}

std::expected<ConsumerGroupState, std::string> GroupShard::ToConsumer(
    const std::string& name, const Group* group, const ConsumerGroupContext& context) const {
  if (group == nullptr || group->is_empty()) return ConsumerGroupState();
  const GroupState& classic = *group->classic();
  const std::string refusal =
      "Cannot upgrade classic group " + name + " to consumer group because ";
  const bool may_upgrade = settings_.migration == GroupMigrationPolicy::kUpgrade ||
                           settings_.migration == GroupMigrationPolicy::kBidirectional;
  if (!may_upgrade) return std::unexpected(refusal + "online upgrade is disabled.");
  const std::string no_consumers = "the group does not use the consumer embedded protocol.";
  if (classic.protocol_type() != kConsumerProtocolType) {
    return std::unexpected(refusal + no_consumers);
  }
  if (classic.membership().size() > static_cast<std::size_t>(context.settings.size_max)) {
    return std::unexpected(refusal + "the group size exceeds the consumer group maximum size.");
  }
  std::optional<ConsumerGroupState> state = ConsumerGroupState::FromClassic(classic, context);
  if (!state) return std::unexpected(refusal + no_consumers);
  return std::move(*state);
}

// When the last member of the new protocol has gone, the others go on as a classic group.
void GroupShard::MaybeDowngrade(const std::string& name, Group& group,
                                const ConsumerGroupContext& context, Deliveries& out) {
  const bool may_downgrade = settings_.migration == GroupMigrationPolicy::kDowngrade ||
                             settings_.migration == GroupMigrationPolicy::kBidirectional;
  const ConsumerGroupState& consumer = *group.consumer();
  if (!may_downgrade || !consumer.IsAllClassic()) return;
  if (consumer.members().size() > static_cast<std::size_t>(settings_.group.size_max)) return;
  const GroupSnapshot snapshot = consumer.ToClassic(context);
  Replace(name, group, GroupState::Restore(settings_.group, snapshot, context.now));
  Apply(name, group, group.classic()->BeginAnew(context.now), out);
}

}  // namespace gneiss::server
