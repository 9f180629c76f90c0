// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "protocol/base/result.h"
#include "server/coordinator/consumer_group_state.h"
#include "server/coordinator/coordinator_record.h"

namespace gneiss::server {

// The records that bring the log up to date with the group, in the order that Kafka writes them:
// what is gone first, then members, epochs and assignments. kMalformed as in
// consumer_group_records.h.
Result<std::vector<CoordinatorRecord>> EncodeChanges(const std::string& group,
                                                     const ConsumerGroupState& state,
                                                     const ConsumerGroupKeys& changes);

// The tombstones of the group itself and of its members. What has a name that no record can hold
// was never written, and has none.
std::vector<CoordinatorRecord> EncodeRemoval(const std::string& group,
                                             const ConsumerGroupState& state);

}  // namespace gneiss::server
