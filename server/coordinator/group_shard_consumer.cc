// SPDX-License-Identifier: Apache-2.0

// The groups of the new protocol (KIP-848) in their shard.

#include <algorithm>
#include <iterator>
#include <utility>

#include <glog/logging.h>

#include "server/coordinator/consumer_group_writes.h"
#include "server/coordinator/group_shard.h"

namespace gneiss::server {
namespace {

ConsumerHeartbeatResult HeartbeatError(ErrorCode error,
                                       std::optional<std::string> message = std::nullopt) {
  ConsumerHeartbeatResult result;
  result.error = error;
  result.error_message = std::move(message);
  return result;
}

std::string WhyNoConsumerGroup(const std::string& group, bool is_known,
                               const ConsumerHeartbeatRequest& request) {
  if (is_known) return "Group " + group + " is not a consumer group.";
  return (request.member_epoch < 0 ? "Group " : "Consumer group ") + group + " not found.";
}

ConsumerGroupDescription NotFound(std::string message) {
  ConsumerGroupDescription description;
  description.error = ErrorCode::kGroupIdNotFound;
  description.error_message = std::move(message);
  return description;
}

}  // namespace

void GroupShard::ConsumerHeartbeat(const std::string& group,
                                   const ConsumerHeartbeatRequest& request,
                                   Answer<ConsumerHeartbeatResult> answer) {
  Deliveries deliveries;
  {
    const MutexLock lock(mutex_);
    ConsumerHeartbeatOutcome outcome = Beat(group, request, deliveries);
    Group* found = Find(group);
    auto reply = [result = std::move(outcome.result),
                  answer = std::move(answer)](ErrorCode error) mutable {
      answer(error == ErrorCode::kNone ? std::move(result) : HeartbeatError(error));
    };
    if (found == nullptr || found->consumer() == nullptr) {
      deliveries.push_back([reply = std::move(reply)]() mutable { reply(ErrorCode::kNone); });
    } else {
      WriteChanges(group, *found, std::move(outcome.actions), std::move(reply), deliveries);
      if (request.member_epoch == kLeaveEpoch) {
        MaybeDowngrade(group, *found, EventContext(consumer_, group, Now()).context(), deliveries);
      }
    }
  }
  Deliver(std::move(deliveries));
}

ConsumerHeartbeatOutcome GroupShard::Beat(const std::string& name,
                                          const ConsumerHeartbeatRequest& request,
                                          Deliveries& out) {
  const ErrorCode error = CheckServing();
  if (error != ErrorCode::kNone) return {.result = HeartbeatError(error), .actions = {}};
  const EventContext event(consumer_, name, Now());
  const ConsumerGroupContext& context = event.context();
  Group* found = Find(name);
  if (found != nullptr && found->consumer() != nullptr) {
    return found->consumer()->Heartbeat(request, context);
  }
  if (request.member_epoch != kJoinEpoch) {
    return {.result = HeartbeatError(ErrorCode::kGroupIdNotFound,
                                     WhyNoConsumerGroup(name, found != nullptr, request)),
            .actions = {}};
  }
  std::expected<ConsumerGroupState, std::string> state = ToConsumer(name, found, context);
  if (!state.has_value()) {
    return {.result = HeartbeatError(ErrorCode::kGroupIdNotFound, std::move(state.error())),
            .actions = {}};
  }
  ConsumerHeartbeatOutcome outcome = state->Heartbeat(request, context);
  if (outcome.result.error != ErrorCode::kNone) return outcome;
  if (found == nullptr) {
    Create(name, std::move(*state));
    return outcome;
  }
  // Who is parked joins again, and then finds the new group.
  Apply(name, *found, found->classic()->Dissolve(ErrorCode::kRebalanceInProgress), out);
  Replace(name, *found, std::move(*state));
  return outcome;
}

// A group without members takes the kind of whoever joins it; its offsets stay.
void GroupShard::Replace(const std::string& name, Group& group,
                         std::variant<GroupState, ConsumerGroupState> state) {
  std::vector<CoordinatorRecord> tombstones = GroupTombstones(name, group);
  group.state = std::move(state);
  ++group.life;
  std::ranges::move(tombstones, std::back_inserter(group.owed));
}

// Stores the changes; `done` runs when they, and all that the group has asked to store before, are
// durable or refused.
void GroupShard::WriteChanges(const std::string& name, Group& group, ConsumerGroupActions actions,
                              Answer<ErrorCode> done, Deliveries& out) {
  SetWake(name, group, actions.next_deadline);
  if (!actions.resolve.empty()) Resolve(name, group.incarnation, std::move(actions.resolve));
  if (actions.changes.empty()) {
    if (group.last_write != nullptr && !group.last_write->ended) {
      group.last_write->waiting.push_back(std::move(done));
    } else {
      out.push_back([done = std::move(done)]() mutable { done(ErrorCode::kNone); });
    }
    return;
  }
  // What is on its way may yet fail, and nothing later may be durable without it.
  std::vector<CoordinatorRecord> owed;
  const std::shared_ptr<PendingWrite>& last = group.last_write;
  if (last != nullptr && !last->ended && last->life == group.life) {
    actions.changes.insert(last->changes.begin(), last->changes.end());
    owed = last->owed;
  }
  Result<std::vector<CoordinatorRecord>> records =
      EncodeChanges(name, *group.consumer(), actions.changes);
  if (!records.has_value()) {
    LOG(ERROR) << "group cannot be written group=" << name << " error=" << records.error().detail;
    group.consumer()->MarkUnwritten(actions.changes);
    out.push_back([done = std::move(done),
                   error = GroupWriteError(records.error().code)]() mutable { done(error); });
    return;
  }
  auto write = std::make_shared<PendingWrite>();
  write->waiting.push_back(std::move(done));
  write->life = group.life;
  write->changes = std::move(actions.changes);
  std::ranges::move(std::exchange(group.owed, {}), std::back_inserter(owed));
  write->owed = std::move(owed);
  records->insert(records->begin(), write->owed.begin(), write->owed.end());
  group.last_write = write;
  journal_.Enqueue(std::move(*records), [self = shared_from_this(), name,
                                         incarnation = group.incarnation,
                                         write](gneiss::Status status) {
    if (!status.has_value()) {
      LOG_EVERY_T(WARNING, 10) << "group could not be stored group=" << name
                               << " error=" << status.error().detail;
    }
    self->EndChanges(name, incarnation, *write,
                     status.has_value() ? ErrorCode::kNone : GroupWriteError(status.error().code));
  });
}

void GroupShard::EndChanges(const std::string& name, std::uint64_t incarnation, PendingWrite& write,
                            ErrorCode error) {
  std::vector<Answer<ErrorCode>> waiting;
  {
    const MutexLock lock(mutex_);
    write.ended = true;
    waiting = std::move(write.waiting);
    Group* group = error != ErrorCode::kNone ? Find(name, incarnation) : nullptr;
    if (group != nullptr && group->life == write.life) {
      group->consumer()->MarkUnwritten(write.changes);
      std::ranges::move(write.owed, std::back_inserter(group->owed));
    }
  }
  for (Answer<ErrorCode>& answer : waiting) answer(error);
}

void GroupShard::Resolve(const std::string& name, std::uint64_t incarnation,
                         std::vector<std::string> regexes) {
  consumer_.post([self = shared_from_this(), name, incarnation, regexes = std::move(regexes)] {
    ResolvedRegexes resolved =
        ResolveRegexes(regexes, *self->consumer_.topics(), self->clock_.WallMs());
    self->Resolved(name, incarnation, std::move(resolved));
  });
}

void GroupShard::Resolved(const std::string& name, std::uint64_t incarnation,
                          ResolvedRegexes regexes) {
  Deliveries deliveries;
  {
    const MutexLock lock(mutex_);
    Group* group = Find(name, incarnation);
    if (group == nullptr || group->consumer() == nullptr) return;
    const EventContext event(consumer_, name, Now());
    ConsumerGroupActions actions = group->consumer()->Resolved(std::move(regexes), event.context());
    WriteChanges(name, *group, std::move(actions), [](ErrorCode) {}, deliveries);
  }
  Deliver(std::move(deliveries));
}

void GroupShard::TickGroup(const std::string& name, Group& group, Deliveries& out) {
  if (GroupState* classic = group.classic()) {
    Apply(name, group, classic->Tick(Now()), out);
    return;
  }
  const EventContext event(consumer_, name, Now());
  WriteChanges(name, group, group.consumer()->Tick(event.context()), [](ErrorCode) {}, out);
  MaybeDowngrade(name, group, event.context(), out);
}

ConsumerGroupDescription GroupShard::DescribeConsumerGroup(const std::string& group) const {
  const ConsumerGroupSettings settings = consumer_.settings(group);
  const MutexLock lock(mutex_);
  const ErrorCode error = CheckServing();
  if (error != ErrorCode::kNone) {
    ConsumerGroupDescription description;
    description.error = error;
    return description;
  }
  const Group* found = Find(group);
  if (found == nullptr) return NotFound("Group " + group + " not found.");
  const ConsumerGroupState* consumer = found->consumer();
  if (consumer == nullptr) return NotFound("Group " + group + " is not a consumer group.");
  return consumer->Describe(settings);
}

}  // namespace gneiss::server
