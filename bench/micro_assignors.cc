// SPDX-License-Identifier: Apache-2.0
//
// The server-side assignors of consumer groups: 1000 members, 10 000 partitions in 100 topics.
#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <utility>

#include "protocol/base/big_endian.h"
#include "server/coordinator/assignor/assignor.h"

namespace gneiss::server {
namespace {

constexpr std::int32_t kTopics = 100;
constexpr std::int32_t kPartitionsPerTopic = 100;
constexpr int kMembers = 1000;

enum class Subscriptions { kSame, kMixed };  // mixed: every member half of the topics, at random

MemberSpec NewMember(int number, Subscriptions subscriptions, std::mt19937& random) {
  MemberSpec member;
  member.member_id = "member-" + std::to_string(number);
  for (std::int32_t topic = 0; topic < kTopics; ++topic) {
    if (subscriptions == Subscriptions::kMixed && random() % 2 == 0) continue;
    StoreBigEndian(member.topics.emplace_back().bytes.data(), topic);
  }
  return member;
}

GroupSpec NewGroup(Subscriptions subscriptions, std::mt19937& random) {
  GroupSpec spec;
  for (std::int32_t topic = 0; topic < kTopics; ++topic) {
    Uuid id;
    StoreBigEndian(id.bytes.data(), topic);
    spec.partition_counts[id] = kPartitionsPerTopic;
  }
  for (int i = 0; i < kMembers; ++i) {
    spec.members.push_back(NewMember(i, subscriptions, random));
  }
  return spec;
}

void Settle(GroupSpec& spec, const GroupAssignment& assignment) {
  for (MemberSpec& member : spec.members) member.partitions = assignment.at(member.member_id);
}

// Nobody has anything yet.
void BM_First(benchmark::State& state, const char* assignor, Subscriptions subscriptions) {
  std::mt19937 random(1);
  const GroupSpec spec = NewGroup(subscriptions, random);
  for (auto _ : state) benchmark::DoNotOptimize(FindAssignor(assignor)->Assign(spec));
}

// A settled group that one more member joins.
void BM_Join(benchmark::State& state, const char* assignor, Subscriptions subscriptions) {
  std::mt19937 random(1);
  GroupSpec spec = NewGroup(subscriptions, random);
  Settle(spec, *FindAssignor(assignor)->Assign(spec));
  spec.members.push_back(NewMember(kMembers, subscriptions, random));
  for (auto _ : state) benchmark::DoNotOptimize(FindAssignor(assignor)->Assign(spec));
}

// One member has had everything, and all the others join at once.
void BM_Spread(benchmark::State& state, const char* assignor, Subscriptions subscriptions) {
  std::mt19937 random(1);
  GroupSpec spec = NewGroup(subscriptions, random);
  GroupSpec alone{.members = {NewMember(0, Subscriptions::kSame, random)},
                  .partition_counts = spec.partition_counts};
  Settle(alone, *FindAssignor(assignor)->Assign(alone));
  spec.members.front() = std::move(alone.members.front());
  for (auto _ : state) benchmark::DoNotOptimize(FindAssignor(assignor)->Assign(spec));
}

#define GNEISS_ASSIGNOR_BENCH(bench)                                                              \
  BENCHMARK_CAPTURE(bench, range, "range", Subscriptions::kMixed)->Unit(benchmark::kMillisecond); \
  BENCHMARK_CAPTURE(bench, uniform_same_topics, "uniform", Subscriptions::kSame)                  \
      ->Unit(benchmark::kMillisecond);                                                            \
  BENCHMARK_CAPTURE(bench, uniform_mixed_topics, "uniform", Subscriptions::kMixed)                \
      ->Unit(benchmark::kMillisecond)
GNEISS_ASSIGNOR_BENCH(BM_First);
GNEISS_ASSIGNOR_BENCH(BM_Join);
GNEISS_ASSIGNOR_BENCH(BM_Spread);

}  // namespace
}  // namespace gneiss::server
