// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/assignor/load_balancer.h"

#include <algorithm>
#include <numeric>

namespace gneiss::server {

LoadBalancer::LoadBalancer(std::span<const SubscribedTopic> topics, std::size_t member_count,
                           PartitionOwners& owners)
    : topics_(topics), owners_(owners), held_(member_count) {
  for (std::size_t topic = 0; topic < topics.size(); ++topic) {
    const std::span<const std::size_t> last = owners.owners(topic);
    last_owners_.emplace_back(last.begin(), last.end());
  }
}

void LoadBalancer::GiveOutTheRest() {
  std::vector<std::size_t> order(topics_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [this](std::size_t topic) {
    return std::pair(topics_[topic].subscribers.size(), topic);
  });
  for (const std::size_t topic : order) GiveOut(topic);
}

void LoadBalancer::GiveOut(std::size_t topic) {
  const std::span<const std::size_t> owners = owners_.owners(topic);
  if (std::ranges::find(owners, kNobody) == owners.end()) return;
  LeastFirst subscribers;
  for (const std::size_t member : topics_[topic].subscribers) {
    subscribers.push({owners_.load(member), member});
  }
  for (std::size_t partition = 0; partition < owners.size(); ++partition) {
    if (owners[partition] != kNobody) continue;
    const std::size_t member = subscribers.top().member;
    subscribers.pop();
    owners_.Give(topic, partition, member);
    subscribers.push({owners_.load(member), member});
  }
}

void LoadBalancer::Balance() {
  NoteWhoHasWhat();
  while (BalanceOnce(Movable::kNew)) {
  }
  while (BalanceOnce(Movable::kAll)) {
  }
}

void LoadBalancer::NoteWhoHasWhat() {
  for (std::size_t topic = 0; topic < topics_.size(); ++topic) {
    const std::span<const std::size_t> owners = owners_.owners(topic);
    for (std::size_t partition = 0; partition < owners.size(); ++partition) {
      Receive(owners[partition], topic, partition);
    }
  }
}

void LoadBalancer::NoteLoads() {
  subscribers_.clear();
  for (const SubscribedTopic& topic : topics_) {
    std::vector<Load> loads;
    loads.reserve(topic.subscribers.size());
    for (const std::size_t member : topic.subscribers) {
      loads.push_back({owners_.load(member), member});
    }
    subscribers_.emplace_back(std::greater<>(), std::move(loads));
  }
}

bool LoadBalancer::BalanceOnce(Movable movable) {
  NoteLoads();
  std::priority_queue<Load> givers;
  for (std::size_t member = 0; member < held_.size(); ++member) {
    givers.push({owners_.load(member), member});
  }
  bool moved = false;
  while (!givers.empty()) {
    const auto [load, member] = givers.top();
    givers.pop();
    if (load != owners_.load(member)) continue;  // has got something since
    const std::optional<Move> move = BestMove(member, movable);
    if (!move) continue;
    Perform(member, *move);
    givers.push({owners_.load(member), member});
    givers.push({owners_.load(move->to), move->to});
    moved = true;
  }
  return moved;
}

std::optional<LoadBalancer::Move> LoadBalancer::BestMove(std::size_t from, Movable movable) {
  std::optional<Move> best;
  std::size_t least = owners_.load(from);
  for (const auto& [topic, partitions] : held_[from]) {
    if (movable == Movable::kNew && last_owners_[topic][partitions.back()] == from) continue;
    const Load candidate = LeastLoaded(topic);
    if (candidate.load + 2 > owners_.load(from) || candidate.load >= least) continue;
    least = candidate.load;
    best = Move{.topic = topic, .to = candidate.member};
  }
  return best;
}

LoadBalancer::Load LoadBalancer::LeastLoaded(std::size_t topic) {
  LeastFirst& subscribers = subscribers_[topic];
  while (subscribers.top().load != owners_.load(subscribers.top().member)) {
    const std::size_t member = subscribers.top().member;
    subscribers.pop();
    subscribers.push({owners_.load(member), member});
  }
  return subscribers.top();
}

void LoadBalancer::Perform(std::size_t from, const Move& move) {
  const std::size_t index = Choose(from, move);
  std::vector<std::size_t>& held = held_[from].at(move.topic);
  const std::size_t partition = held[index];
  held.erase(held.begin() + static_cast<std::ptrdiff_t>(index));
  if (held.empty()) held_[from].erase(move.topic);
  Receive(move.to, move.topic, partition);
  owners_.Give(move.topic, partition, move.to);
}

std::size_t LoadBalancer::Choose(std::size_t from, const Move& move) const {
  const std::vector<std::size_t>& held = held_[from].at(move.topic);
  const auto returning = std::ranges::find(
      held, move.to, [&](std::size_t partition) { return last_owners_[move.topic][partition]; });
  return returning == held.end() ? held.size() - 1
                                 : static_cast<std::size_t>(returning - held.begin());
}

void LoadBalancer::Receive(std::size_t member, std::size_t topic, std::size_t partition) {
  const auto is_old = [&](std::size_t held) { return last_owners_[topic][held] == member; };
  std::vector<std::size_t>& held = held_[member][topic];
  held.insert(is_old(partition) ? std::ranges::partition_point(held, is_old) : held.end(),
              partition);
}

}  // namespace gneiss::server
