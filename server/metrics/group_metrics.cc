// SPDX-License-Identifier: Apache-2.0
#include "server/metrics/group_metrics.h"

#include <map>
#include <string>
#include <utility>

namespace gneiss::server {
namespace {

constexpr Figure<GroupCounters> kCounterFigures[] = {
    {MetricType::Counter, "gneiss_group_rebalances_total",
     "Generations of classic groups that became stable.", &GroupCounters::rebalances},
    {MetricType::Counter, "gneiss_offsets_committed_total", "Offsets that groups committed.",
     &GroupCounters::offsets_committed},
    {MetricType::Counter, "gneiss_offsets_expired_total",
     "Committed offsets that went by offsets.retention.minutes.", &GroupCounters::offsets_expired},
    {MetricType::Counter, "gneiss_groups_expired_total",
     "Groups that went with the last of their offsets.", &GroupCounters::groups_expired},
};

void AddTotals(const CoordinatorFigures& all, std::size_t shown, MetricFamilies& out) {
  std::map<std::pair<std::string_view, std::string>, std::uint64_t> by_state;
  std::uint64_t partitions = 0;
  for (const GroupFigures& group : all.groups) {
    ++by_state[{group.protocol, group.state}];
    partitions += group.offsets;
  }
  auto groups = out.Gauge("gneiss_groups", "Groups by protocol and state.");
  for (const auto& [key, count] : by_state) {
    groups.Add({{"protocol", std::string(key.first)}, {"state", key.second}}, count);
  }
  out.Gauge("gneiss_groups_shown", "Groups that have figures of their own.")
      .Add({}, std::uint64_t{shown});
  out.Gauge("gneiss_group_partitions", "Partitions that groups have committed offsets for.")
      .Add({}, partitions);
  out.Gauge("gneiss_group_shards_loading",
            "Partitions of __consumer_offsets that are still being read.")
      .Add({}, std::uint64_t{all.shards_loading});
  auto parked = out.Gauge("gneiss_group_parked_requests",
                          "JoinGroup and SyncGroup that wait for other members.");
  parked.Add({{"api", "JoinGroup"}}, std::uint64_t{all.parked_joins});
  parked.Add({{"api", "SyncGroup"}}, std::uint64_t{all.parked_syncs});
}

void AddGroups(std::span<const GroupFigures> shown, MetricFamilies& out) {
  auto state = out.Gauge("gneiss_group_state", "Always 1; the labels tell protocol and state.");
  auto members = out.Gauge("gneiss_group_members", "Members of the group.");
  auto epoch = out.Gauge("gneiss_group_epoch", "Its epoch; of a classic group the generation.");
  for (const GroupFigures& group : shown) {
    const Labels labels{{"group", group.group}};
    state.Add(
        {{"group", group.group}, {"protocol", std::string(group.protocol)}, {"state", group.state}},
        1.0);
    members.Add(labels, std::uint64_t{group.members});
    epoch.Add(labels, static_cast<double>(group.epoch));
  }
}

void AddLag(const GroupLag& lag, MetricFamilies& out) {
  out.Gauge("gneiss_group_partitions_shown", "Those that have figures of their own.")
      .Add({}, std::uint64_t{lag.partitions.size()});
  out.Gauge("gneiss_group_partitions_unread",
            "Of these, those whose lag in seconds there was no time to look up.")
      .Add({}, std::uint64_t{lag.unread});
  auto committed = out.Gauge("gneiss_group_committed_offset", "Where the group has come to.");
  auto records = out.Gauge("gneiss_group_lag_records",
                           "Records from the committed offset to the high watermark.");
  auto seconds = out.Gauge("gneiss_group_lag_seconds",
                           "Age of the first record that the group has not consumed.");
  for (const PartitionLag& partition : lag.partitions) {
    const Labels labels{{"group", partition.group},
                        {"topic", partition.tp.topic},
                        {"partition", std::to_string(partition.tp.partition.value())}};
    committed.Add(labels, static_cast<double>(partition.committed.value()));
    records.Add(labels, static_cast<double>(partition.records));
    if (partition.seconds) seconds.Add(labels, *partition.seconds);
  }
}

}  // namespace

void AddGroupMetrics(const CoordinatorFigures& all, std::span<const GroupFigures> shown,
                     const GroupLag& lag, MetricFamilies& out) {
  AddTotals(all, shown.size(), out);
  AddFigures(kCounterFigures, all.counters, out);
  AddGroups(shown, out);
  AddLag(lag, out);
}

}  // namespace gneiss::server
