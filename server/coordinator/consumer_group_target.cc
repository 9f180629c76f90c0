// SPDX-License-Identifier: Apache-2.0

// The group epoch, the target assignment that follows it, and the members that follow that.

#include <algorithm>
#include <iterator>
#include <utility>

#include <glog/logging.h>

#include "server/coordinator/consumer_group_state.h"
#include "server/coordinator/member_reconciliation.h"

namespace gneiss::server {
namespace {

// FNV-1a: what it is of must not depend on the machine, since it is kept.
class Fnv64 {
 public:
  void Add(std::string_view bytes) {
    for (const char byte : bytes) {
      hash_ = (hash_ ^ static_cast<unsigned char>(byte)) * 0x100000001b3ULL;
    }
  }
  std::int64_t value() const { return static_cast<std::int64_t>(hash_); }

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
};

}  // namespace

std::set<std::string, std::less<>> ConsumerGroupState::SubscribedNames(
    const ConsumerGroupMember& member) const {
  std::set<std::string, std::less<>> names(member.about.topic_names.begin(),
                                           member.about.topic_names.end());
  const auto regex = regexes_.find(member.about.topic_regex);
  if (regex != regexes_.end()) {
    names.insert(regex->second.topics.begin(), regex->second.topics.end());
  }
  return names;
}

std::set<Uuid> ConsumerGroupState::SubscribedTopics(const ConsumerGroupMember& member,
                                                    const GroupTopics& topics) const {
  std::set<Uuid> ids;
  for (const std::string& name : SubscribedNames(member)) {
    if (const std::optional<GroupTopic> topic = topics.Find(name)) ids.insert(topic->id);
  }
  return ids;
}

// Of the topics that anybody subscribes to and that exist; 0 without any.
std::int64_t ConsumerGroupState::MetadataHash(const GroupTopics& topics) const {
  std::set<std::string, std::less<>> names;
  for (const auto& [id, member] : members_.all()) names.merge(SubscribedNames(member));
  Fnv64 hash;
  bool is_empty = true;
  for (const std::string& name : names) {
    const std::optional<GroupTopic> topic = topics.Find(name);
    if (!topic) continue;
    is_empty = false;
    hash.Add(topic->id.ToString());
    hash.Add(std::to_string(topic->partition_count) + ";");
  }
  return is_empty ? 0 : hash.value();
}

void ConsumerGroupState::NoteChanges(SubscriptionChange change,
                                     const ConsumerGroupContext& context) {
  const bool must_bump = change == SubscriptionChange::kChanged;
  if (!must_bump && topics_version_ == context.topics.version()) return;
  if (must_bump || MetadataHash(context.topics) != epoch_.metadata_hash) BumpEpoch(context);
  topics_version_ = context.topics.version();
}

void ConsumerGroupState::BumpEpoch(const ConsumerGroupContext& context) {
  ++epoch_.epoch;
  epoch_.metadata_hash = MetadataHash(context.topics);
  topics_version_ = context.topics.version();
  changes_.insert({Key::Kind::kEpoch});
}

// A group that many join at once is not assigned anew for each of them (KIP-1263).
void ConsumerGroupState::MaybeAssign(const ConsumerGroupContext& context) {
  if (epoch_.epoch <= target_epoch_.epoch) return;
  const TimestampMs now = context.now.wall_ms;
  const bool is_early =
      now >= target_epoch_.assigned_at &&
      now < target_epoch_.assigned_at + context.settings.assignment_interval.count();
  if (!is_early) Assign(context);
}

void ConsumerGroupState::Assign(const ConsumerGroupContext& context) {
  GroupSpec spec;
  for (const auto& [id, member] : members_.all()) {
    MemberSpec& one = spec.members.emplace_back();
    one.member_id = id;
    one.instance_id = member.about.instance_id;
    one.partitions = member.target;
    for (const std::string& name : SubscribedNames(member)) {
      const std::optional<GroupTopic> topic = context.topics.Find(name);
      if (!topic) continue;
      one.topics.push_back(topic->id);
      spec.partition_counts.emplace(topic->id, topic->partition_count);
    }
    std::ranges::sort(one.topics);
  }
  Result<GroupAssignment> assignment = PreferredAssignor(context.settings).Assign(spec);
  if (!assignment.has_value()) {
    LOG(ERROR) << "assignor failed group=" << context.group
               << " error=" << assignment.error().detail;
    return;
  }
  for (auto& [id, target] : *assignment) {
    ConsumerGroupMember* member = members_.Find(id);
    if (member == nullptr || member->target == target) continue;
    members_.SetTarget(*member, std::move(target));
    changes_.insert({Key::Kind::kTarget, id});
  }
  target_epoch_ = {.epoch = epoch_.epoch, .assigned_at = context.now.wall_ms};
  changes_.insert({Key::Kind::kTargetEpoch});
}

// The one that most members ask for, else the first that is configured.
const Assignor& ConsumerGroupState::PreferredAssignor(const ConsumerGroupSettings& settings) const {
  std::map<std::string_view, std::size_t> votes;
  for (const auto& [id, member] : members_.all()) {
    if (member.about.server_assignor) ++votes[*member.about.server_assignor];
  }
  const Assignor* preferred = settings.assignors.front();
  std::size_t most = 0;
  for (const Assignor* assignor : settings.assignors) {
    const auto vote = votes.find(assignor->name());
    if (vote == votes.end() || vote->second <= most) continue;
    preferred = assignor;
    most = vote->second;
  }
  return *preferred;
}

void ConsumerGroupState::ReconcileMember(ConsumerGroupMember& member,
                                         const std::optional<PartitionsByTopic>& owned,
                                         SubscriptionChange change,
                                         const ConsumerGroupContext& context) {
  const bool changed = change != SubscriptionChange::kNone;
  if (!changed && member.IsReconciledTo(target_epoch_.epoch)) return;
  const std::set<Uuid> subscription = SubscribedTopics(member, context.topics);
  ConsumerMemberAssignment next =
      Reconcile(member.current, {.target = member.target,
                                 .target_epoch = target_epoch_.epoch,
                                 .owned = owned ? &*owned : nullptr,
                                 .subscription = subscription,
                                 .subscription_changed = changed,
                                 .is_taken = [this](const Uuid& topic, std::int32_t partition) {
                                   return members_.IsTaken(topic, partition);
                                 }});
  if (next == member.current) return;
  members_.SetCurrent(member, std::move(next));
  changes_.insert({Key::Kind::kAssignment, member.id});
  if (member.current.state == ConsumerMemberState::kUnrevokedPartitions) {
    timers_.SetRevocation(member.id, context.now.steady + member.about.rebalance_timeout);
  } else {
    timers_.CancelRevocation(member.id);
  }
}

}  // namespace gneiss::server
