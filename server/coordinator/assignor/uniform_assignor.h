// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/coordinator/assignor/assignor.h"

namespace gneiss::server {

// UniformAssignor spreads the partitions of all topics together evenly and moves as few as it can.
// When all members subscribe to the same topics, they get as many partitions each, or one more, and
// of the last assignment only what is above that is taken away. Otherwise partitions stay where
// they are unless that leaves a subscriber of the topic two or more behind.
class UniformAssignor final : public Assignor {
 public:
  std::string_view name() const override { return "uniform"; }
  Result<GroupAssignment> Assign(const GroupSpec& spec) const override;
};

}  // namespace gneiss::server
