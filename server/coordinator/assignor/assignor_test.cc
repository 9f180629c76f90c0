// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/assignor/assignor.h"

#include <algorithm>
#include <random>
#include <set>

#include <gtest/gtest.h>

namespace gneiss::server {
namespace {

using Partition = std::pair<Uuid, std::int32_t>;

Uuid Topic(std::uint8_t number) { return Uuid{{number}}; }

MemberSpec Member(std::string id, std::vector<std::uint8_t> topics,
                  PartitionsByTopic partitions = {}) {
  MemberSpec member;
  member.member_id = std::move(id);
  member.partitions = std::move(partitions);
  for (const std::uint8_t topic : topics) member.topics.push_back(Topic(topic));
  return member;
}

MemberSpec Static(std::string id, std::string instance, std::vector<std::uint8_t> topics) {
  MemberSpec member = Member(std::move(id), std::move(topics));
  member.instance_id = std::move(instance);
  return member;
}

GroupAssignment Assign(std::string_view assignor, const GroupSpec& spec) {
  return FindAssignor(assignor)->Assign(spec).value();
}

std::set<Partition> Set(const PartitionsByTopic& partitions) {
  std::set<Partition> set;
  for (const auto& [topic, list] : partitions) {
    for (const std::int32_t partition : list) set.emplace(topic, partition);
  }
  return set;
}

TEST(AssignorTest, AreFoundByName) {
  EXPECT_EQ(FindAssignor("uniform")->name(), "uniform");
  EXPECT_EQ(FindAssignor("range")->name(), "range");
  EXPECT_EQ(FindAssignor("Range"), nullptr);
}

TEST(AssignorTest, ATopicWithoutPartitionCountIsAnError) {
  const GroupSpec spec{.members = {Member("a", {1})}, .partition_counts = {}};
  for (const std::string_view name : {"uniform", "range"}) {
    EXPECT_EQ(FindAssignor(name)->Assign(spec).error().code, Errc::kInvalidArgument);
  }
}

TEST(AssignorTest, GroupsWithoutMembersOrTopicsGetNothing) {
  for (const std::string_view name : {"uniform", "range"}) {
    EXPECT_TRUE(Assign(name, {}).empty());
    EXPECT_EQ(Assign(name, {.members = {Member("a", {})}, .partition_counts = {}}),
              (GroupAssignment{{"a", {}}}));
  }
}

// --- range; the expectations are answers of Kafka 4.3.1's assignor ---

TEST(RangeAssignorTest, LongerRunsComeFirst) {
  const GroupSpec spec{.members = {Member("c", {1}), Member("a", {1}), Member("b", {1})},
                       .partition_counts = {{Topic(1), 5}}};
  EXPECT_EQ(Assign("range", spec), (GroupAssignment{{"a", {{Topic(1), {0, 1}}}},
                                                    {"b", {{Topic(1), {2, 3}}}},
                                                    {"c", {{Topic(1), {4}}}}}));
}

TEST(RangeAssignorTest, TopicsWithAsManyPartitionsAreAssignedAlike) {
  const GroupSpec spec{.members = {Member("a", {1, 2}), Member("b", {1, 2})},
                       .partition_counts = {{Topic(1), 3}, {Topic(2), 3}}};
  EXPECT_EQ(Assign("range", spec), (GroupAssignment{{"a", {{Topic(1), {0, 1}}, {Topic(2), {0, 1}}}},
                                                    {"b", {{Topic(1), {2}}, {Topic(2), {2}}}}}));
}

TEST(RangeAssignorTest, EachTopicIsForItsSubscribersAlone) {
  const GroupSpec spec{.members = {Member("a", {1, 2}), Member("b", {1, 2}), Member("c", {1})},
                       .partition_counts = {{Topic(1), 3}, {Topic(2), 3}}};
  EXPECT_EQ(Assign("range", spec), (GroupAssignment{{"a", {{Topic(1), {0}}, {Topic(2), {0, 1}}}},
                                                    {"b", {{Topic(1), {1}}, {Topic(2), {2}}}},
                                                    {"c", {{Topic(1), {2}}}}}));
}

TEST(RangeAssignorTest, StaticMembersComeFirstByInstanceWhateverTheirMemberId) {
  GroupSpec spec{
      .members = {Member("a", {1}), Static("z", "first", {1}), Static("b", "second", {1})},
      .partition_counts = {{Topic(1), 3}}};
  EXPECT_EQ(Assign("range", spec),
            (GroupAssignment{
                {"z", {{Topic(1), {0}}}}, {"b", {{Topic(1), {1}}}}, {"a", {{Topic(1), {2}}}}}));
  spec.members[1].member_id = "new";
  EXPECT_EQ(Assign("range", spec)["new"], (PartitionsByTopic{{Topic(1), {0}}}));
}

TEST(RangeAssignorTest, TheLastAssignmentDoesNotCount) {
  const GroupSpec spec{
      .members = {Member("a", {1}, {{Topic(1), {2, 3}}}), Member("b", {1}, {{Topic(1), {0, 1}}})},
      .partition_counts = {{Topic(1), 4}}};
  EXPECT_EQ(Assign("range", spec),
            (GroupAssignment{{"a", {{Topic(1), {0, 1}}}}, {"b", {{Topic(1), {2, 3}}}}}));
}

TEST(RangeAssignorTest, MoreMembersThanPartitionsLeaveTheLastWithout) {
  const GroupSpec spec{.members = {Member("a", {1}), Member("b", {1})},
                       .partition_counts = {{Topic(1), 1}}};
  EXPECT_EQ(Assign("range", spec), (GroupAssignment{{"a", {{Topic(1), {0}}}}, {"b", {}}}));
}

// --- uniform; so are these ---

TEST(UniformAssignorTest, FillsMemberByMemberAndTheLastGetMore) {
  const GroupSpec spec{.members = {Member("b", {1, 2}), Member("c", {1, 2}), Member("a", {1, 2})},
                       .partition_counts = {{Topic(1), 4}, {Topic(2), 3}}};
  EXPECT_EQ(Assign("uniform", spec), (GroupAssignment{{"a", {{Topic(1), {0, 1}}}},
                                                      {"b", {{Topic(1), {2, 3}}}},
                                                      {"c", {{Topic(2), {0, 1, 2}}}}}));
}

TEST(UniformAssignorTest, WhoHasTheLargerShareKeepsIt) {
  const GroupSpec spec{.members = {Member("a", {1}), Member("b", {1}, {{Topic(1), {0, 1, 2}}}),
                                   Member("c", {1}, {{Topic(1), {5, 6, 7}}})},
                       .partition_counts = {{Topic(1), 8}}};
  EXPECT_EQ(Assign("uniform", spec), (GroupAssignment{{"a", {{Topic(1), {3, 4}}}},
                                                      {"b", {{Topic(1), {0, 1, 2}}}},
                                                      {"c", {{Topic(1), {5, 6, 7}}}}}));
}

TEST(UniformAssignorTest, OnlyWhatIsTooMuchIsTakenAway) {
  const GroupSpec spec{.members = {Member("a", {1}), Member("b", {1}, {{Topic(1), {0, 1, 2, 3}}})},
                       .partition_counts = {{Topic(1), 4}}};
  EXPECT_EQ(Assign("uniform", spec),
            (GroupAssignment{{"a", {{Topic(1), {2, 3}}}}, {"b", {{Topic(1), {0, 1}}}}}));
}

TEST(UniformAssignorTest, WhatIsGoneOrDoubleInTheLastAssignmentIsPassedOver) {
  const GroupSpec spec{.members = {Member("a", {1}, {{Topic(1), {0, 9, -1}}, {Topic(7), {0}}}),
                                   Member("b", {1}, {{Topic(1), {0, 1}}})},
                       .partition_counts = {{Topic(1), 2}}};
  EXPECT_EQ(Assign("uniform", spec),
            (GroupAssignment{{"a", {{Topic(1), {0}}}}, {"b", {{Topic(1), {1}}}}}));
}

TEST(UniformAssignorTest, DifferentSubscriptionsGiveEachItsOwnTopicFirst) {
  const GroupSpec spec{.members = {Member("a", {1}), Member("b", {1, 2}), Member("c", {2, 3})},
                       .partition_counts = {{Topic(1), 3}, {Topic(2), 3}, {Topic(3), 3}}};
  EXPECT_EQ(Assign("uniform", spec), (GroupAssignment{{"a", {{Topic(1), {0, 1, 2}}}},
                                                      {"b", {{Topic(2), {0, 1, 2}}}},
                                                      {"c", {{Topic(3), {0, 1, 2}}}}}));
}

// a can give to b alone, and only once b has given to c.
TEST(UniformAssignorTest, LoadsEvenOutAlongAChainOfTopics) {
  const GroupSpec spec{.members = {Member("a", {1}, {{Topic(1), {0, 1, 2, 3, 4}}}),
                                   Member("b", {1, 2}, {{Topic(2), {0, 1, 2, 3, 4}}}),
                                   Member("c", {2}, {{Topic(2), {5}}})},
                       .partition_counts = {{Topic(1), 5}, {Topic(2), 6}}};
  EXPECT_EQ(Assign("uniform", spec),
            (GroupAssignment{{"a", {{Topic(1), {0, 1, 2, 3}}}},
                             {"b", {{Topic(1), {4}}, {Topic(2), {0, 1, 2}}}},
                             {"c", {{Topic(2), {3, 4, 5}}}}}));
}

// --- any group ---

// A group's life from a seed: members come, go and change what they subscribe to, topics grow.
class RandomGroup {
 public:
  explicit RandomGroup(std::uint32_t seed) : random_(seed), same_topics_(Below(2) == 0) {
    for (std::uint8_t topic = 1; topic <= 1 + Below(6); ++topic) {
      spec_.partition_counts[Topic(topic)] = static_cast<std::int32_t>(1 + Below(12));
    }
  }

  const GroupSpec& spec() const { return spec_; }

  void Change() {
    const std::size_t event = spec_.members.empty() ? 0 : Below(6);
    if (event < 3) {
      MemberSpec& joined = spec_.members.emplace_back();
      joined.member_id = "m" + std::to_string(Below(1000)) + "-" + std::to_string(++joined_);
      if (Below(3) == 0) joined.instance_id = "i" + std::to_string(joined_);
      joined.topics = Topics();
    } else if (event == 3) {
      spec_.members.erase(spec_.members.begin() + static_cast<std::ptrdiff_t>(Pick()));
    } else if (event == 4) {
      spec_.partition_counts.rbegin()->second += 3;
    } else {
      spec_.members[Pick()].topics = Topics();
    }
  }

  void Shuffle() { std::ranges::shuffle(spec_.members, random_); }

  void Settle(const GroupAssignment& assignment) {
    for (MemberSpec& member : spec_.members) member.partitions = assignment.at(member.member_id);
  }

 private:
  std::size_t Below(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
  }
  std::size_t Pick() { return Below(spec_.members.size()); }

  std::vector<Uuid> Topics() {
    std::vector<Uuid> topics;
    for (const auto& [topic, count] : spec_.partition_counts) {
      if (same_topics_ || Below(2) == 0) topics.push_back(topic);
    }
    return topics;
  }

  std::mt19937 random_;
  bool same_topics_;
  int joined_ = 0;
  GroupSpec spec_;
};

bool Subscribes(const MemberSpec& member, const Uuid& topic) {
  return std::ranges::binary_search(member.topics, topic);
}

void ExpectOneOwnerAmongSubscribers(const GroupSpec& spec, const GroupAssignment& assignment) {
  std::map<Partition, int> owners;
  ASSERT_EQ(assignment.size(), spec.members.size());
  for (const MemberSpec& member : spec.members) {
    for (const Uuid& topic : member.topics) {
      for (std::int32_t i = 0; i < spec.partition_counts.at(topic); ++i) owners[{topic, i}] = 0;
    }
  }
  for (const MemberSpec& member : spec.members) {
    for (const auto& [topic, list] : assignment.at(member.member_id)) {
      EXPECT_TRUE(Subscribes(member, topic));
      EXPECT_FALSE(list.empty());
      EXPECT_TRUE(std::ranges::is_sorted(list));
      for (const std::int32_t partition : list) ++owners[{topic, partition}];
    }
  }
  for (const auto& [partition, count] : owners) {
    EXPECT_EQ(count, 1) << partition.first << ' ' << partition.second;
  }
}

struct MemberLoads {
  std::size_t had = 0;  // of what it may still have
  std::size_t kept = 0;
  std::size_t has = 0;
};

std::vector<MemberLoads> Loads(const GroupSpec& spec, const GroupAssignment& assignment) {
  std::vector<MemberLoads> loads;
  for (const MemberSpec& member : spec.members) {
    const std::set<Partition> now = Set(assignment.at(member.member_id));
    MemberLoads& load = loads.emplace_back();
    load.has = now.size();
    for (const Partition& partition : Set(member.partitions)) {
      if (Subscribes(member, partition.first)) ++load.had;
      if (now.contains(partition)) ++load.kept;
    }
  }
  return loads;
}

bool SameTopics(const GroupSpec& spec) {
  return std::ranges::all_of(spec.members, [&](const MemberSpec& member) {
    return member.topics == spec.members.front().topics;
  });
}

void ExpectEvenWithFewestMoves(const GroupSpec& spec, const GroupAssignment& assignment) {
  const std::vector<MemberLoads> loads = Loads(spec, assignment);
  std::size_t total = 0;
  for (const MemberLoads& load : loads) total += load.has;
  const std::size_t share = total / loads.size();
  std::size_t larger = total % loads.size();
  std::size_t kept = 0;
  std::size_t kept_at_best = 0;
  for (const MemberLoads& load : loads) {
    EXPECT_TRUE(load.has == share || load.has == share + 1) << load.has << ' ' << share;
    kept += load.kept;
    kept_at_best += std::min(load.had, share);
    if (load.had > share && larger > 0) {
      ++kept_at_best;
      --larger;
    }
  }
  EXPECT_EQ(kept, kept_at_best);
}

void ExpectNoMoveEvensOut(const GroupSpec& spec, const GroupAssignment& assignment) {
  for (const MemberSpec& from : spec.members) {
    const PartitionsByTopic& given = assignment.at(from.member_id);
    for (const MemberSpec& to : spec.members) {
      const bool can_give = std::ranges::any_of(
          given, [&](const auto& entry) { return Subscribes(to, entry.first); });
      if (!can_give) continue;
      EXPECT_LT(Set(given).size(), Set(assignment.at(to.member_id)).size() + 2);
    }
  }
}

class RandomGroupTest : public ::testing::TestWithParam<std::string_view> {};

TEST_P(RandomGroupTest, HoldsWhatIsPromised) {
  for (std::uint32_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomGroup group(seed);
    for (int step = 0; step < 12; ++step) {
      group.Change();
      const GroupAssignment assignment = Assign(GetParam(), group.spec());
      ExpectOneOwnerAmongSubscribers(group.spec(), assignment);
      if (GetParam() == "uniform" && !group.spec().members.empty()) {
        if (SameTopics(group.spec())) ExpectEvenWithFewestMoves(group.spec(), assignment);
        ExpectNoMoveEvensOut(group.spec(), assignment);
      }
      group.Shuffle();
      EXPECT_EQ(Assign(GetParam(), group.spec()), assignment);  // whatever the order
      group.Settle(assignment);
      EXPECT_EQ(Assign(GetParam(), group.spec()), assignment);  // what is settled stays
      if (::testing::Test::HasFailure()) return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Assignors, RandomGroupTest, ::testing::Values("uniform", "range"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace gneiss::server
