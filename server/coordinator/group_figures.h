// SPDX-License-Identifier: Apache-2.0
#pragma once

// What metrics show of groups, whatever protocol their members speak.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/base/ids.h"

namespace gneiss::server {

struct GroupFigures {
  std::string group;
  std::string_view protocol;  // "classic" or "consumer" (KIP-848), as ListGroups names them
  std::string state;
  std::int32_t epoch = 0;  // the generation of a classic group
  std::size_t members = 0;
  std::size_t offsets = 0;  // partitions that it has committed offsets for
};

// Since the groups were loaded.
struct GroupCounters {
  std::uint64_t offsets_committed = 0;
  std::uint64_t offsets_expired = 0;
  std::uint64_t groups_expired = 0;
  std::uint64_t rebalances = 0;  // generations of classic groups that became stable
};

// Of one shard, or of all.
struct CoordinatorFigures {
  std::size_t shards_loading = 0;
  std::vector<GroupFigures> groups;  // in no order
  std::size_t parked_joins = 0;
  std::size_t parked_syncs = 0;
  GroupCounters counters;
};

struct GroupPosition {
  TopicPartition tp;
  Offset committed;
};

}  // namespace gneiss::server
