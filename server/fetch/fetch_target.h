// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "protocol/base/ids.h"
#include "protocol/base/uuid.h"

namespace gneiss::server {

// A topic as a fetch names it: by id from v13 on, by name below. The other half is empty.
struct FetchTopic {
  std::string name;
  Uuid id;

  bool operator==(const FetchTopic&) const = default;
};
using FetchTopicPtr = std::shared_ptr<const FetchTopic>;  // shared by the topic's partitions

// FetchTarget is what a client wants of one partition. A session remembers it between requests.
struct FetchTarget {
  FetchTopicPtr topic;
  PartitionId partition{};
  LeaderEpoch current_leader_epoch = kNoLeaderEpoch;  // what the client believes; -1: no check
  Offset fetch_offset{};
  LeaderEpoch last_fetched_epoch = kNoLeaderEpoch;  // of the record before fetch_offset (KIP-595)
  std::int32_t partition_max_bytes = 0;
};

// A partition that a client no longer wants.
struct ForgottenTarget {
  FetchTopicPtr topic;
  PartitionId partition{};
};

}  // namespace gneiss::server
