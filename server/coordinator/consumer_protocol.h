// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "protocol/base/result.h"
#include "protocol/base/shared_bytes.h"
#include "protocol/messages/data/consumer_protocol_subscription.h"
#include "server/coordinator/assignor/assignor.h"
#include "server/coordinator/group_topics.h"

namespace gneiss::server {

// What consumers of the classic protocol tell each other inside JoinGroup and SyncGroup: an int16
// version and what that version has. Newer versions only append fields. Threads: any.

struct ConsumerSubscription {
  std::int16_t version = 0;
  protocol::ConsumerProtocolSubscription fields;
};

// kMalformed for bytes that are no subscription.
Result<ConsumerSubscription> ParseConsumerSubscription(const SharedBytes& metadata);

// The partitions that an assignment, or the owned ones of a subscription, name; topics that do not
// exist are left out. kMalformed for bytes that are no assignment; no bytes are no partitions.
Result<PartitionsByTopic> ParseConsumerAssignment(const SharedBytes& assignment,
                                                  const GroupTopics& topics);
PartitionsByTopic OwnedPartitions(const ConsumerSubscription& subscription,
                                  const GroupTopics& topics);

// The assignment in the version of the member's subscription.
SharedBytes EncodeConsumerAssignment(const PartitionsByTopic& partitions, std::int16_t version,
                                     const GroupTopics& topics);

}  // namespace gneiss::server
