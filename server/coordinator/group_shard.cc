// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/group_shard.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <glog/logging.h>

namespace gneiss::server {
namespace {

// Groups that are ticked before the mutex is given up once: after a restart thousands of sessions
// may end at one moment.
constexpr int kGroupsPerTurn = 64;

JoinResult JoinError(ErrorCode error, std::string member_id = {}) {
  JoinResult result;
  result.error = error;
  result.member_id = std::move(member_id);
  return result;
}

SyncResult SyncError(ErrorCode error) {
  SyncResult result;
  result.error = error;
  return result;
}

GroupDescription DescriptionError(ErrorCode error, std::string message = {}) {
  GroupDescription description;
  description.error = error;
  description.error_message = std::move(message);
  return description;
}

LeaveResult NobodyKnown(const std::vector<MemberIdentity>& members) {
  LeaveResult result;
  for (const MemberIdentity& member : members) {
    result.members.push_back({member, ErrorCode::kUnknownMemberId});
  }
  return result;
}

}  // namespace

GroupShard::GroupShard(const ShardSettings& settings, GroupJournal::FindPartition find_partition,
                       ConsumerGroupSources consumer, Clock& clock)
    : settings_(settings),
      consumer_(std::move(consumer)),
      clock_(clock),
      journal_(std::move(find_partition), clock) {}

void GroupShard::set_alarm(std::unique_ptr<ShardAlarm> alarm) { alarm_ = std::move(alarm); }

// --- loading and closing ---

void GroupShard::StartEmpty() {
  const MutexLock lock(mutex_);
  if (mode_ == Mode::kLoading) mode_ = Mode::kServing;
}

void GroupShard::Load(const ReadGroups& read, const IsOrphan& is_orphan) {
  Result<ReplayedGroups> groups = read();
  if (!groups.has_value()) {
    LOG(ERROR) << "groups could not be loaded error=" << groups.error().detail;
    Close(ErrorCode::kNotCoordinator);
    return;
  }
  {
    const MutexLock lock(mutex_);
    if (mode_ != Mode::kLoading) return;  // closed meanwhile
    Install(std::move(*groups));
    mode_ = Mode::kServing;
  }
  RemoveOrphans(is_orphan);
}

void GroupShard::Install(ReplayedGroups groups) {
  const Instant now = Now();
  const std::shared_ptr<const GroupTopics> topics = consumer_.topics();
  for (auto& [name, replayed] : groups) {
    Group* group = nullptr;
    if (replayed.consumer) {
      const ConsumerGroupSettings settings = consumer_.settings(name);
      group = &Create(
          name, ConsumerGroupState::Restore(*replayed.consumer, {name, settings, *topics, now}));
    } else if (replayed.snapshot) {
      group = &Create(name, GroupState::Restore(settings_.group, *replayed.snapshot, now));
    } else {
      group = &Create(name, GroupState(settings_.group, now));
    }
    group->offsets = std::move(replayed.offsets);
    SetWake(name, *group, group->next_deadline());
  }
}

void GroupShard::Close(ErrorCode error) {
  Deliveries deliveries;
  {
    const MutexLock lock(mutex_);
    mode_ = Mode::kClosed;
    closed_error_ = error;
    for (auto& [name, group] : groups_) {
      if (GroupState* classic = group.classic()) {
        Apply(name, group, classic->Dissolve(error), deliveries);
      }
    }
    groups_.clear();
    deadlines_.clear();
    if (alarm_ != nullptr) alarm_->Cancel();
  }
  Deliver(std::move(deliveries));
}

ErrorCode GroupShard::CheckServing() const {
  switch (mode_) {
    case Mode::kLoading:
      return ErrorCode::kCoordinatorLoadInProgress;
    case Mode::kServing:
      return ErrorCode::kNone;
    case Mode::kClosed:
      return closed_error_;
  }
  return closed_error_;
}

// --- members ---

void GroupShard::Join(const std::string& group, JoinRequest request, Answer<JoinResult> answer) {
  Deliveries deliveries;
  ErrorCode error;
  std::string member_id = request.identity.member_id;
  {
    const MutexLock lock(mutex_);
    error = CheckServing();
    Group* found = error == ErrorCode::kNone ? Find(group) : nullptr;
    const bool is_new = found == nullptr || (found->consumer() != nullptr && found->is_empty());
    if (error == ErrorCode::kNone && is_new && !member_id.empty()) {
      error = ErrorCode::kUnknownMemberId;  // only who has no id yet may be the first of a group
    } else if (error == ErrorCode::kNone && !is_new && found->consumer() != nullptr) {
      JoinConsumer(group, *found, request, std::move(answer), deliveries);
    } else if (error == ErrorCode::kNone) {
      if (found == nullptr) {
        found = &Create(group, GroupState(settings_.group, Now()));
      } else if (is_new) {
        Replace(group, *found, GroupState(settings_.group, Now()));
      }
      const WaiterId waiter(++waiters_);
      joins_.emplace(waiter, std::move(answer));
      GroupState& state = *found->classic();
      Actions actions = state.Join(std::move(request), waiter, Now());
      // A group is on record from its first join on, as Kafka has it.
      if (is_new) actions.persists.push_back({state.EmptySnapshot(), {}});
      Apply(group, *found, std::move(actions), deliveries);
    }
  }
  Deliver(std::move(deliveries));
  if (error != ErrorCode::kNone) answer(JoinError(error, std::move(member_id)));
}

void GroupShard::Sync(const std::string& group, const SyncRequest& request,
                      Answer<SyncResult> answer) {
  Deliveries deliveries;
  ErrorCode error;
  {
    const MutexLock lock(mutex_);
    error = CheckServing();
    Group* found = error == ErrorCode::kNone ? Find(group) : nullptr;
    if (found != nullptr && found->consumer() != nullptr) {
      SyncConsumer(group, *found, request, std::move(answer), deliveries);
    } else if (found != nullptr) {
      const WaiterId waiter(++waiters_);
      syncs_.emplace(waiter, std::move(answer));
      Apply(group, *found, found->classic()->Sync(request, waiter, Now()), deliveries);
    } else if (error == ErrorCode::kNone) {
      error = ErrorCode::kUnknownMemberId;
    }
  }
  Deliver(std::move(deliveries));
  if (error != ErrorCode::kNone) answer(SyncError(error));
}

ErrorCode GroupShard::Heartbeat(const std::string& group, const GenerationIdentity& caller) {
  Deliveries deliveries;
  ErrorCode error;
  {
    const MutexLock lock(mutex_);
    error = CheckServing();
    if (error != ErrorCode::kNone) return error;
    Group* found = Find(group);
    if (found == nullptr) return ErrorCode::kUnknownMemberId;
    // Moves a deadline away: the wake that is set comes early, which does no harm.
    if (GroupState* classic = found->classic()) return classic->Heartbeat(caller, Now());
    error = BeatConsumer(group, *found, caller, deliveries);
  }
  Deliver(std::move(deliveries));
  return error;
}

LeaveResult GroupShard::Leave(const std::string& group,
                              const std::vector<MemberIdentity>& members) {
  Deliveries deliveries;
  LeaveResult result;
  {
    const MutexLock lock(mutex_);
    result.error = CheckServing();
    if (result.error != ErrorCode::kNone) return result;
    Group* found = Find(group);
    if (found == nullptr) return NobodyKnown(members);
    if (GroupState* classic = found->classic()) {
      LeaveOutcome outcome = classic->Leave(members, Now());
      Apply(group, *found, std::move(outcome.actions), deliveries);
      result = std::move(outcome.result);
    } else {
      result = LeaveConsumer(group, *found, members, deliveries);
    }
  }
  Deliver(std::move(deliveries));
  return result;
}

GroupDescription GroupShard::Describe(const std::string& group) const {
  const MutexLock lock(mutex_);
  const ErrorCode error = CheckServing();
  if (error != ErrorCode::kNone) return DescriptionError(error);
  const Group* found = Find(group);
  if (found == nullptr) {
    return DescriptionError(ErrorCode::kGroupIdNotFound, "Group " + group + " not found.");
  }
  if (const GroupState* classic = found->classic()) return classic->Describe();
  return DescriptionError(ErrorCode::kGroupIdNotFound,
                          "Group " + group + " is not a classic group.");
}

GroupList GroupShard::List() const {
  GroupList list;
  const MutexLock lock(mutex_);
  list.error = CheckServing();
  for (const auto& [name, group] : groups_) {
    if (const GroupState* classic = group.classic()) {
      list.groups.push_back({.group = name,
                             .protocol_type = classic->protocol_type(),
                             .state = std::string(ToString(classic->phase()))});
    } else {
      list.groups.push_back({.group = name,
                             .type = kConsumerGroupType,
                             .protocol_type = kConsumerProtocolType,
                             .state = std::string(group.consumer()->state_name())});
    }
  }
  return list;
}

// --- time ---

void GroupShard::Tick() {
  bool more = true;
  while (more) {
    Deliveries deliveries;
    {
      const MutexLock lock(mutex_);
      if (mode_ != Mode::kServing) return;
      alarm_time_.reset();
      more = TickSome(deliveries);
    }
    Deliver(std::move(deliveries));
  }
}

// True if there is more to do at once; else the alarm is set.
bool GroupShard::TickSome(Deliveries& out) {
  const Instant now = Now();
  for (int turns = 0; !deadlines_.empty(); ++turns) {
    const auto& [deadline, earliest] = *deadlines_.begin();
    if (deadline > now.steady) {
      alarm_time_ = deadline;
      if (alarm_ != nullptr) alarm_->WakeAt(deadline);
      return false;
    }
    if (turns == kGroupsPerTurn) return true;
    const std::string name = earliest;
    deadlines_.erase(deadlines_.begin());
    Group* group = Find(name);
    if (group == nullptr) continue;
    group->wake.reset();
    TickGroup(name, *group, out);
  }
  return false;
}

void GroupShard::SetWake(const std::string& name, Group& group, std::optional<TimePoint> deadline) {
  if (!deadline || (group.wake && *group.wake <= *deadline)) return;
  if (group.wake) deadlines_.erase({*group.wake, name});
  group.wake = deadline;
  deadlines_.emplace(*deadline, name);
  if (alarm_time_ && *alarm_time_ <= *deadline) return;
  alarm_time_ = deadline;
  if (alarm_ != nullptr) alarm_->WakeAt(*deadline);
}

// --- what state machines ask for ---

void GroupShard::Apply(const std::string& name, Group& group, Actions actions, Deliveries& out) {
  for (GroupReply& reply : actions.replies) {
    if (auto* join = std::get_if<JoinResult>(&reply.result)) {
      auto waiter = joins_.extract(reply.to);
      DCHECK(!waiter.empty());
      out.push_back([answer = std::move(waiter.mapped()), result = std::move(*join)]() mutable {
        answer(std::move(result));
      });
    } else {
      auto waiter = syncs_.extract(reply.to);
      DCHECK(!waiter.empty());
      out.push_back([answer = std::move(waiter.mapped()),
                     result = std::move(std::get<SyncResult>(reply.result))]() mutable {
        answer(std::move(result));
      });
    }
  }
  for (GroupPersist& persist : actions.persists) Store(name, group, std::move(persist), out);
  SetWake(name, group, actions.next_deadline);
}

void GroupShard::Store(const std::string& name, Group& group, GroupPersist persist,
                       Deliveries& out) {
  Result<CoordinatorRecord> record = GroupRecord(name, persist.snapshot);
  if (!record.has_value()) {
    const ErrorCode error = GroupWriteError(record.error().code);
    Apply(name, group, group.classic()->Persisted(persist.reason, error, Now()), out);
    return;
  }
  GroupWrite write{.name = name,
                   .incarnation = group.incarnation,
                   .life = group.life,
                   .reason = std::move(persist.reason),
                   .owed = std::exchange(group.owed, {})};
  std::vector<CoordinatorRecord> records = write.owed;
  records.push_back(std::move(*record));
  journal_.Enqueue(std::move(records), [self = shared_from_this(),
                                        write = std::move(write)](gneiss::Status status) mutable {
    const ErrorCode error =
        status.has_value() ? ErrorCode::kNone : GroupWriteError(status.error().code);
    if (!status.has_value()) {
      LOG_EVERY_T(WARNING, 10) << "group could not be stored group=" << write.name
                               << " error=" << status.error().detail;
    }
    self->Stored(std::move(write), error);
  });
}

void GroupShard::Stored(GroupWrite write, ErrorCode error) {
  Deliveries deliveries;
  {
    const MutexLock lock(mutex_);
    Group* group = Find(write.name, write.incarnation);
    const bool is_current = group != nullptr && group->life == write.life;
    if (!is_current) return;  // deleted, or become one of the other kind, meanwhile
    if (error != ErrorCode::kNone) std::ranges::move(write.owed, std::back_inserter(group->owed));
    const bool is_assignment = write.reason.kind == PersistReason::Kind::kAssignment;
    if (is_assignment && error == ErrorCode::kNone) ++counters_.rebalances;
    Apply(write.name, *group, group->classic()->Persisted(write.reason, error, Now()), deliveries);
  }
  Deliver(std::move(deliveries));
}

void GroupShard::Deliver(Deliveries deliveries) {
  journal_.Drain();
  for (auto& deliver : deliveries) deliver();
}

// --- groups ---

Instant GroupShard::Now() const { return {clock_.Now(), clock_.WallMs()}; }

GroupShard::Group* GroupShard::Find(const std::string& group) {
  const auto found = groups_.find(group);
  return found == groups_.end() ? nullptr : &found->second;
}

const GroupShard::Group* GroupShard::Find(const std::string& group) const {
  const auto found = groups_.find(group);
  return found == groups_.end() ? nullptr : &found->second;
}

GroupShard::Group* GroupShard::Find(const std::string& group, std::uint64_t incarnation) {
  Group* found = Find(group);
  return found != nullptr && found->incarnation == incarnation ? found : nullptr;
}

bool GroupShard::Group::is_empty() const {
  const GroupState* one = classic();
  return one != nullptr ? one->phase() == GroupPhase::kEmpty : consumer()->members().empty();
}

std::optional<TimePoint> GroupShard::Group::next_deadline() const {
  return std::visit([](const auto& one) { return one.next_deadline(); }, state);
}

std::vector<std::string> GroupShard::GroupNames() const {
  const MutexLock lock(mutex_);
  std::vector<std::string> names;
  names.reserve(groups_.size());
  for (const auto& [name, group] : groups_) names.push_back(name);
  return names;
}

}  // namespace gneiss::server
