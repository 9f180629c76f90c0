// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/testing/consumer_group_watch.h"

#include <gtest/gtest.h>

namespace gneiss::server {
namespace {

std::set<std::pair<Uuid, std::int32_t>> Flat(const EpochsByTopic& partitions) {
  std::set<std::pair<Uuid, std::int32_t>> flat;
  for (const auto& [topic, epochs] : partitions) {
    for (const auto& [partition, epoch] : epochs) flat.emplace(topic, partition);
  }
  return flat;
}

std::set<std::pair<Uuid, std::int32_t>> Flat(const PartitionsByTopic& partitions) {
  std::set<std::pair<Uuid, std::int32_t>> flat;
  for (const auto& [topic, ids] : partitions) {
    for (const std::int32_t partition : ids) flat.emplace(topic, partition);
  }
  return flat;
}

// A static member is the same one under another member id.
std::string Cause(const ConsumerGroupState& group, const GroupTopics& topics) {
  std::set<std::string> members;
  std::set<std::string> subscribed;
  for (const auto& [id, member] : group.members().all()) {
    std::string line = member.about.instance_id.value_or(id);
    for (const std::string& name : member.about.topic_names) {
      line += " " + name;
      subscribed.insert(name);
    }
    members.insert(line);
  }
  std::string cause;
  for (const std::string& line : members) cause += line + "\n";
  for (const std::string& name : subscribed) {
    const std::optional<GroupTopic> topic = topics.Find(name);
    if (!topic) continue;
    cause += topic->id.ToString() + " " + std::to_string(topic->partition_count) + "\n";
  }
  return cause;
}

}  // namespace

void ConsumerGroupWatch::Look(const ConsumerGroupState& group, const GroupTopics& topics) {
  View now = Take(group, topics);
  CheckHolders(now);
  if (seen_) {
    CheckSteps(*seen_, now);
    if (now.target_epoch != seen_->target_epoch) CheckTarget(now, topics, group);
  }
  CheckCause(now, Cause(group, topics));
  seen_ = std::move(now);
}

ConsumerGroupWatch::View ConsumerGroupWatch::Take(const ConsumerGroupState& group,
                                                  const GroupTopics& topics) {
  View view{
      .epoch = group.epoch().epoch, .target_epoch = group.target_epoch().epoch, .members = {}};
  for (const auto& [id, member] : group.members().all()) {
    Member& one = view.members[id];
    one.epoch = member.current.member_epoch;
    one.assigned = Flat(member.current.assigned);
    one.pending = Flat(member.current.pending_revocation);
    one.target = Flat(member.target);
    for (const std::string& name : member.about.topic_names) {
      if (const std::optional<GroupTopic> topic = topics.Find(name)) {
        one.subscription.insert(topic->id);
      }
    }
  }
  return view;
}

void ConsumerGroupWatch::CheckHolders(const View& now) {
  std::map<Partition, std::string> holders;
  for (const auto& [id, member] : now.members) {
    for (const Partitions* held : {&member.assigned, &member.pending}) {
      for (const Partition& partition : *held) {
        const auto [holder, is_free] = holders.emplace(partition, id);
        EXPECT_TRUE(is_free) << "partition " << partition.second << " is held by " << holder->second
                             << " and " << id;
      }
    }
    EXPECT_LE(member.epoch, now.epoch) << id << " is ahead of its group";
  }
  EXPECT_LE(now.target_epoch, now.epoch);
}

void ConsumerGroupWatch::CheckTarget(const View& now, const GroupTopics& topics,
                                     const ConsumerGroupState& group) {
  Partitions given;
  std::set<Uuid> subscribed;
  for (const auto& [id, member] : now.members) {
    for (const Partition& partition : member.target) {
      EXPECT_TRUE(given.insert(partition).second)
          << "the target gives partition " << partition.second << " twice";
      EXPECT_TRUE(member.subscription.contains(partition.first))
          << "the target gives " << id << " what it does not subscribe to";
    }
    subscribed.insert(member.subscription.begin(), member.subscription.end());
  }
  std::size_t expected = 0;
  for (const Uuid& topic : subscribed) {
    expected += static_cast<std::size_t>(topics.Find(topic)->partition_count);
  }
  EXPECT_EQ(given.size(), expected) << "the target leaves out partitions";
  EXPECT_EQ(now.target_epoch, group.epoch().epoch);
}

void ConsumerGroupWatch::CheckCause(const View& now, std::string cause) {
  const bool is_bumped = seen_ && now.epoch != seen_->epoch;
  if (is_bumped) {
    EXPECT_NE(cause, causes_[seen_->epoch]) << "a new group epoch without a cause";
    causes_[now.epoch] = std::move(cause);
  } else {
    causes_.emplace(now.epoch, std::move(cause));
  }
}

void ConsumerGroupWatch::CheckSteps(const View& before, const View& now) {
  EXPECT_GE(now.epoch, before.epoch) << "the group epoch went back";
  EXPECT_GE(now.target_epoch, before.target_epoch) << "the target epoch went back";
  for (const auto& [id, member] : now.members) {
    const auto found = before.members.find(id);
    if (found == before.members.end()) continue;
    const Member& former = found->second;
    if (member.epoch != kStaticLeaveEpoch) {
      EXPECT_GE(member.epoch, former.epoch) << "the epoch of " << id << " went back";
    }
    if (now.target_epoch == before.target_epoch) {
      EXPECT_EQ(member.target, former.target) << "another target in the same epoch for " << id;
    }
    for (const Partition& partition : former.assigned) {
      const bool stays =
          member.target.contains(partition) && member.subscription.contains(partition.first);
      if (stays) {
        EXPECT_TRUE(member.assigned.contains(partition))
            << id << " loses partition " << partition.second << " without need";
      }
    }
  }
}

}  // namespace gneiss::server
