// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "protocol/base/ids.h"
#include "protocol/base/uuid.h"
#include "server/dispatch/error_mapping.h"
#include "server/metadata/metadata_image.h"
#include "server/partition_table.h"

namespace gneiss::server {

// A partition that is served here, or the code that says why not:
// UNKNOWN_TOPIC_OR_PARTITION (not in the metadata), UNKNOWN_TOPIC_ID (asked by id, likewise),
// NOT_LEADER_OR_FOLLOWER (another broker leads it, or it is about to be opened here),
// KAFKA_STORAGE_ERROR (its log is offline).
struct PartitionLookup {
  PartitionPtr partition;
  ErrorCode error = ErrorCode::kNone;
};

// PartitionFinder looks partitions up for one request, all in the same metadata image.
// Threads: one at a time.
class PartitionFinder {
 public:
  PartitionFinder(const PartitionTable& table, MetadataImagePtr image, BrokerId self)
      : table_(&table), image_(std::move(image)), self_(self) {}

  PartitionLookup Find(std::string_view topic, PartitionId partition) const;
  PartitionLookup Find(const Uuid& topic_id, PartitionId partition) const;

  // Where the clients of a partition belong; {-1, -1} when it is unknown. For CurrentLeader.
  struct Leader {
    BrokerId id{-1};
    LeaderEpoch epoch = kNoLeaderEpoch;
  };
  Leader FindLeader(std::string_view topic, PartitionId partition) const;
  Leader FindLeader(const Uuid& topic_id, PartitionId partition) const;

 private:
  PartitionLookup FindIn(const TopicImage* topic, PartitionId partition) const;

  const PartitionTable* table_;
  MetadataImagePtr image_;
  BrokerId self_;
};

// Compares the epoch that a client believes in with the partition's: FENCED_LEADER_EPOCH when it
// is older, UNKNOWN_LEADER_EPOCH when it is newer. -1 asks for no check.
ErrorCode CheckLeaderEpoch(const Partition& partition, LeaderEpoch asked);

}  // namespace gneiss::server
