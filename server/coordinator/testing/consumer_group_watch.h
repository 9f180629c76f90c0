// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "server/coordinator/consumer_group_state.h"

namespace gneiss::server {

// ConsumerGroupWatch looks at a group after each event and reports to GoogleTest what may never
// be:
//   - a partition with two holders;
//   - an epoch of the group, its target or a member that goes back, or is ahead of the group's;
//   - a new group epoch although members, subscriptions and their topics are as before;
//   - a new target without a new target epoch, or one that leaves partitions out, gives one twice,
//     or to somebody who does not subscribe to it;
//   - a partition that a member loses although its target has it.
// Threads: one.
class ConsumerGroupWatch {
 public:
  void Look(const ConsumerGroupState& group, const GroupTopics& topics);
  // The group was read back from its log: what was not stored is forgotten.
  void Forget() { seen_.reset(); }

 private:
  using Partition = std::pair<Uuid, std::int32_t>;
  using Partitions = std::set<Partition>;
  struct Member {
    std::int32_t epoch = 0;
    Partitions assigned;
    Partitions pending;
    Partitions target;
    std::set<Uuid> subscription;
  };
  struct View {
    std::int32_t epoch = 0;
    std::int32_t target_epoch = 0;
    std::map<std::string, Member> members;
  };

  static View Take(const ConsumerGroupState& group, const GroupTopics& topics);
  static void CheckHolders(const View& now);
  static void CheckTarget(const View& now, const GroupTopics& topics,
                          const ConsumerGroupState& group);
  static void CheckSteps(const View& before, const View& now);
  void CheckCause(const View& now, std::string cause);

  std::optional<View> seen_;
  // Group epoch -> everything that it came from.
  std::map<std::int32_t, std::string> causes_;
};

}  // namespace gneiss::server
