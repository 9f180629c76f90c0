// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>

#include "server/coordinator/assignor/assignor.h"
#include "server/coordinator/consumer_group_records.h"

namespace gneiss::server {

// What decides over a member's next step towards its target.
struct ReconciliationInput {
  const PartitionsByTopic& target;
  std::int32_t target_epoch = 0;
  // What the member says it holds; null: it does not say.
  const PartitionsByTopic* owned = nullptr;
  // The topics that it subscribes to. The target may be older than that: what it has left is not
  // given to it again.
  const std::set<Uuid>& subscription;
  bool subscription_changed = false;  // by this very request
  // Whether somebody, the member itself included, holds or has yet to give up the partition.
  std::function<bool(const Uuid&, std::int32_t)> is_taken;
};

// One step of a member of a consumer group (KIP-848) towards its target assignment:
//
//   Stable --newer target, nothing to give up--> Stable at the target's epoch
//   Stable --partitions to give up--> UnrevokedPartitions at the old epoch, until the member no
//       longer reports them
//   either --partitions that others still hold--> UnreleasedPartitions at the target's epoch, until
//       the others have given them up
//
// A partition that is kept keeps the epoch at which it was assigned. Threads: any.
ConsumerMemberAssignment Reconcile(const ConsumerMemberAssignment& current,
                                   const ReconciliationInput& input);

// The partitions without their epochs, and the other way round with one epoch for all.
PartitionsByTopic WithoutEpochs(const EpochsByTopic& partitions);
EpochsByTopic WithEpoch(const PartitionsByTopic& partitions, std::int32_t epoch);

// What the member holds: what it has and what it has yet to give up.
PartitionsByTopic HeldPartitions(const ConsumerMemberAssignment& member);

// Whether each of `some` is among `all`.
bool IsSubset(const PartitionsByTopic& some, const EpochsByTopic& all);

}  // namespace gneiss::server
