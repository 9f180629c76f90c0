// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <queue>
#include <span>
#include <utility>
#include <vector>

#include "server/coordinator/assignor/partition_owners.h"
#include "server/coordinator/assignor/subscriptions.h"

namespace gneiss::server {

// LoadBalancer evens out the loads of members that subscribe to different topics, with few moves:
// a partition moves only from one subscriber to another that has at least two fewer, and who has
// the most gives first.
// Threads: one.
class LoadBalancer {
 public:
  // `owners` has what stays where it was. Both outlive the balancer.
  LoadBalancer(std::span<const SubscribedTopic> topics, std::size_t member_count,
               PartitionOwners& owners);

  // Gives each partition that nobody has to the subscriber with the least, the topics with the
  // fewest subscribers first: they have the least choice.
  void GiveOutTheRest();
  // Moves until no move evens anything out, first of all what does not count as moved because its
  // owner had not had it. That ends: every move makes the sum of the loads' squares smaller.
  void Balance();

 private:
  struct Load {
    std::size_t load;
    std::size_t member;
    auto operator<=>(const Load&) const = default;
  };
  using LeastFirst = std::priority_queue<Load, std::vector<Load>, std::greater<>>;
  struct Move {
    std::size_t topic;
    std::size_t to;
  };

  enum class Movable { kNew, kAll };

  void GiveOut(std::size_t topic);
  void NoteWhoHasWhat();
  void NoteLoads();
  // One pass, in which every member may give; whether one did.
  bool BalanceOnce(Movable movable);
  // The move from this member that evens out most; none if no one is left to give to.
  std::optional<Move> BestMove(std::size_t from, Movable movable);
  Load LeastLoaded(std::size_t topic);
  void Perform(std::size_t from, const Move& move);
  // Which of the topic's partitions `from` gives, as an index into what it has: rather one that
  // comes back to its last owner, else a new one if there is any.
  std::size_t Choose(std::size_t from, const Move& move) const;
  void Receive(std::size_t member, std::size_t topic, std::size_t partition);

  std::span<const SubscribedTopic> topics_;
  PartitionOwners& owners_;
  std::vector<std::vector<std::size_t>> last_owners_;  // by topic and partition

  // By member and topic: the partitions, first those of the last assignment, then the new ones.
  std::vector<std::map<std::size_t, std::vector<std::size_t>>> held_;
  // By topic, renewed for each pass. What a member has got since is corrected when it comes up.
  // What it has given away since is of no interest: givers come by falling load, so that one that
  // has given is less than two behind those after it.
  std::vector<LeastFirst> subscribers_;
};

}  // namespace gneiss::server
