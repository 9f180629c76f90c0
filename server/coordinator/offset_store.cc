// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/offset_store.h"

#include <utility>

namespace gneiss::server {
namespace {

bool IsExpired(const CommittedOffset& offset, const OffsetExpiryRule& rule,
               std::chrono::milliseconds retention, TimestampMs now) {
  if (offset.expire_time != kNoTimestamp) return now >= offset.expire_time;
  const bool by_commit = rule.base == OffsetExpiryRule::Base::kCommitTime;
  return now - (by_commit ? offset.commit_time : rule.empty_since) >= retention.count();
}

}  // namespace

void OffsetStore::EndWrite(const TopicPartition& tp) {
  --SlotOf(tp).writes;
  DropIfUnused(tp);
}

void OffsetStore::ForgetWrites() {
  for (const TopicPartition& tp : Partitions()) {
    SlotOf(tp).writes = 0;
    DropIfUnused(tp);
  }
}

void OffsetStore::Set(const TopicPartition& tp, CommittedOffset offset) {
  SlotOf(tp).committed = std::move(offset);
}

void OffsetStore::Erase(const TopicPartition& tp) {
  SlotOf(tp).committed.reset();
  DropIfUnused(tp);
}

const CommittedOffset* OffsetStore::Find(std::string_view topic, PartitionId partition) const {
  const auto slots = topics_.find(topic);
  if (slots == topics_.end()) return nullptr;
  const auto slot = slots->second.find(partition.value());
  if (slot == slots->second.end() || !slot->second.committed) return nullptr;
  return &*slot->second.committed;
}

std::size_t OffsetStore::size() const {
  std::size_t size = 0;
  for (const auto& [topic, slots] : topics_) size += slots.size();
  return size;
}

std::vector<TopicPartition> OffsetStore::Partitions() const {
  std::vector<TopicPartition> partitions;
  for (const auto& [topic, slots] : topics_) {
    for (const auto& [partition, slot] : slots) {
      partitions.push_back({topic, PartitionId(partition)});
    }
  }
  return partitions;
}

std::vector<TopicPartition> OffsetStore::PartitionsOf(std::string_view topic) const {
  std::vector<TopicPartition> partitions;
  const auto slots = topics_.find(topic);
  if (slots == topics_.end()) return partitions;
  for (const auto& [partition, slot] : slots->second) {
    partitions.push_back({slots->first, PartitionId(partition)});
  }
  return partitions;
}

bool OffsetStore::Has(const TopicPartition& tp) const {
  const auto slots = topics_.find(tp.topic);
  return slots != topics_.end() && slots->second.contains(tp.partition.value());
}

std::vector<TopicPartition> OffsetStore::Expired(const OffsetExpiryRule& rule,
                                                 std::chrono::milliseconds retention,
                                                 TimestampMs now) const {
  std::vector<TopicPartition> expired;
  if (rule.base == OffsetExpiryRule::Base::kNever) return expired;
  for (const auto& [topic, slots] : topics_) {
    if (rule.kept_topics.contains(topic)) continue;
    for (const auto& [partition, slot] : slots) {
      if (slot.writes > 0 || !slot.committed) continue;
      if (!IsExpired(*slot.committed, rule, retention, now)) continue;
      expired.push_back({topic, PartitionId(partition)});
    }
  }
  return expired;
}

void OffsetStore::DropIfUnused(const TopicPartition& tp) {
  const auto slots = topics_.find(tp.topic);
  const auto slot = slots->second.find(tp.partition.value());
  if (slot->second.committed || slot->second.writes > 0) return;
  slots->second.erase(slot);
  if (slots->second.empty()) topics_.erase(slots);
}

}  // namespace gneiss::server
