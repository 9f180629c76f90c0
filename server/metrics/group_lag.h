// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "protocol/base/clock.h"
#include "protocol/base/ids.h"
#include "server/coordinator/group_figures.h"

namespace gneiss::server {

class GroupCoordinator;
class PartitionTable;

// How far a group is behind in one partition.
struct PartitionLag {
  std::string group;
  TopicPartition tp;
  Offset committed;
  std::int64_t records = 0;  // from the committed offset to the high watermark
  // The age of the first record that is not consumed, by its own timestamp; 0 when there is none.
  // Without a value: not read, see GroupLag::unread, or the record has no timestamp.
  std::optional<double> seconds;
};

struct GroupLag {
  std::vector<PartitionLag> partitions;
  std::size_t unread = 0;  // those whose age there was no time to look up
};

struct GroupLagLimits {
  std::size_t partitions_max = 0;
  std::chrono::nanoseconds read_time_max{0};
};

// The lags of `groups`, in their order. Of partitions that are not served here nothing is told.
// Ages are those of batches, whose records were sent within a producer's linger.ms. Reads files:
// not for event loops.
GroupLag ReadGroupLag(const GroupCoordinator& coordinator, const PartitionTable& partitions,
                      Clock& clock, std::span<const GroupFigures> groups,
                      const GroupLagLimits& limits);

}  // namespace gneiss::server
