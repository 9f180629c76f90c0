// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "protocol/base/result.h"
#include "protocol/records/record_batch.h"
#include "server/coordinator/consumer_group_snapshot.h"
#include "server/coordinator/group_records.h"

namespace gneiss::server {

// A group as its log tells of it. Without a snapshot it is one that only keeps offsets. It has one
// of the two at most: a group that becomes one of the other kind leaves tombstones.
struct ReplayedGroup {
  std::optional<GroupSnapshot> snapshot;
  std::optional<ConsumerGroupSnapshot> consumer;
  OffsetStore offsets;
};
using ReplayedGroups = std::unordered_map<std::string, ReplayedGroup>;

// GroupReplay folds the batches of one partition of __consumer_offsets, oldest first, into the
// groups that they leave.
// Threads: one.
class GroupReplay {
 public:
  // Errors: those of the batch's format. A record that cannot be read is reported in the log and
  // left out: one bad record must not take all groups of the partition away.
  Status Add(const records::RecordBatchView& batch);
  // Groups of which something is left.
  ReplayedGroups Take();

 private:
  void Apply(StoredGroup record);
  void Apply(StoredOffset record);
  void Apply(StoredConsumerRecord record);
  void Apply(ForeignRecord) {}

  ReplayedGroups groups_;
};

}  // namespace gneiss::server
