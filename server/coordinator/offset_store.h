// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/base/ids.h"
#include "protocol/base/uuid.h"
#include "server/coordinator/group_state.h"

namespace gneiss::server {

// Where a group has come to in one partition.
struct CommittedOffset {
  Offset offset;
  LeaderEpoch leader_epoch = kNoLeaderEpoch;
  std::string metadata{};
  TimestampMs commit_time = kNoTimestamp;
  TimestampMs expire_time = kNoTimestamp;  // asked for by the client (v2-4); -1: the broker decides
  Uuid topic_id{};                         // zero in records of old brokers

  bool operator==(const CommittedOffset&) const = default;
};

// OffsetStore holds the offsets of one group as the log has them. A write shows only when it has
// ended; until then its partition is known as one that has a write on the way, so that whoever
// deletes everything writes a tombstone for it too.
// Threads: under the mutex of the group's shard.
class OffsetStore {
 public:
  // A write (an offset or a tombstone) is on its way to the log, or has ended, well or not.
  void BeginWrite(const TopicPartition& tp) { ++SlotOf(tp).writes; }
  void EndWrite(const TopicPartition& tp);
  // No write is on its way any more.
  void ForgetWrites();

  // What the log has for the partition now.
  void Set(const TopicPartition& tp, CommittedOffset offset);
  void Erase(const TopicPartition& tp);

  // Null if there is none.
  const CommittedOffset* Find(std::string_view topic, PartitionId partition) const;
  // `visit(topic, partition, offset)` in the order of topics and partitions.
  template <class Visit>
  void ForEach(Visit visit) const {
    for (const auto& [topic, partitions] : topics_) {
      for (const auto& [partition, slot] : partitions) {
        if (slot.committed) visit(topic, PartitionId(partition), *slot.committed);
      }
    }
  }

  // Partitions that have an offset or a write on the way: all of them, or those of one topic.
  std::vector<TopicPartition> Partitions() const;
  std::vector<TopicPartition> PartitionsOf(std::string_view topic) const;
  bool Has(const TopicPartition& tp) const;
  bool empty() const { return topics_.empty(); }
  // Partitions that have an offset or a write on the way.
  std::size_t size() const;

  // Partitions whose offsets are due to go, except those that are being written.
  std::vector<TopicPartition> Expired(const OffsetExpiryRule& rule,
                                      std::chrono::milliseconds retention, TimestampMs now) const;

 private:
  struct Slot {
    std::optional<CommittedOffset> committed;
    int writes = 0;  // on the way
  };
  using Slots = std::map<std::int32_t, Slot>;

  Slot& SlotOf(const TopicPartition& tp) { return topics_[tp.topic][tp.partition.value()]; }
  void DropIfUnused(const TopicPartition& tp);

  std::map<std::string, Slots, std::less<>> topics_;
};

}  // namespace gneiss::server
