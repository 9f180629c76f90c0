// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/group_figures.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "server/coordinator/group_coordinator.h"

namespace gneiss::server {
namespace {

void Fill(const GroupState& group, GroupFigures& out) {
  out.protocol = kClassicGroupType;
  out.state = ToString(group.phase());
  out.epoch = group.generation();
  out.members = group.membership().size();
}

void Fill(const ConsumerGroupState& group, GroupFigures& out) {
  out.protocol = kConsumerGroupType;
  out.state = group.state_name();
  out.epoch = group.epoch().epoch;
  out.members = group.members().size();
}

void AddTo(GroupCounters& sum, const GroupCounters& part) {
  sum.offsets_committed += part.offsets_committed;
  sum.offsets_expired += part.offsets_expired;
  sum.groups_expired += part.groups_expired;
  sum.rebalances += part.rebalances;
}

}  // namespace

void GroupShard::AddFigures(CoordinatorFigures& out) const {
  const MutexLock lock(mutex_);
  if (mode_ == Mode::kLoading) ++out.shards_loading;
  if (mode_ != Mode::kServing) return;
  for (const auto& [name, group] : groups_) {
    GroupFigures& figures = out.groups.emplace_back();
    figures.group = name;
    figures.offsets = group.offsets.size();
    std::visit([&](const auto& state) { Fill(state, figures); }, group.state);
  }
  out.parked_joins += joins_.size();
  out.parked_syncs += syncs_.size();
  AddTo(out.counters, counters_);
}

std::vector<GroupPosition> GroupShard::Positions(const std::string& group,
                                                 std::size_t positions_max) const {
  std::vector<GroupPosition> positions;
  const MutexLock lock(mutex_);
  const Group* const found = mode_ == Mode::kServing ? Find(group) : nullptr;
  if (found == nullptr) return positions;
  found->offsets.ForEach(
      [&](const std::string& topic, PartitionId partition, const CommittedOffset& offset) {
        if (positions.size() == positions_max) return;
        positions.push_back({{topic, partition}, offset.offset});
      });
  return positions;
}

CoordinatorFigures GroupCoordinator::Figures() const {
  CoordinatorFigures figures;
  for (const auto& shard : shards()->by_partition) shard->AddFigures(figures);
  return figures;
}

std::vector<GroupPosition> GroupCoordinator::Positions(const std::string& group,
                                                       std::size_t positions_max) const {
  const Route route = RouteTo(group, GroupName::kMayBeEmpty);
  if (route.error != ErrorCode::kNone) return {};
  return route.shard->Positions(group, positions_max);
}

bool GroupCoordinator::IsLoading() const {
  const ShardsPtr present = shards();
  return std::ranges::any_of(present->by_partition,
                             [](const auto& shard) { return shard->IsLoading(); });
}

}  // namespace gneiss::server
