// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/coordinator/assignor/assignor.h"

namespace gneiss::server {

// RangeAssignor gives each subscriber of a topic one run of neighbouring partitions; the runs of a
// topic differ by at most one in length, the longer ones first. Subscribers stand in the same order
// for every topic, static ones by their instance id before the others by their member id. So
// topics with as many partitions and the same subscribers are assigned alike, for joins, and a
// static member that comes back under a new id finds its partitions again.
// The last assignment does not count: like Kafka's, it is not sticky.
class RangeAssignor final : public Assignor {
 public:
  std::string_view name() const override { return "range"; }
  Result<GroupAssignment> Assign(const GroupSpec& spec) const override;
};

}  // namespace gneiss::server
