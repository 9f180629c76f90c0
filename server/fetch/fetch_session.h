// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "protocol/base/ids.h"
#include "protocol/base/uuid.h"
#include "server/fetch/fetch_target.h"
#include "server/fetch/fetched_partition.h"

namespace gneiss::server {

// How the topics of a session are named; a session never changes from one to the other.
enum class TopicNaming { kByName, kById };

inline constexpr std::int32_t kNoFetchSession = 0;
inline constexpr std::int32_t kInitialFetchEpoch = 0;  // asks for a session
inline constexpr std::int32_t kFinalFetchEpoch = -1;   // closes one, or wants none

// Epochs count 1 ... 2^31-1 and start again at 1.
constexpr std::int32_t NextFetchEpoch(std::int32_t epoch) {
  if (epoch < 0) return kFinalFetchEpoch;
  return epoch == INT32_MAX ? 1 : epoch + 1;
}

// FetchSession is the set of partitions that a client fetches over and over (KIP-227), with what it
// was last told of each, so that requests and answers carry only what changed.
// Pure: no clock, no locks. Threads: under the cache's mutex.
class FetchSession {
 public:
  FetchSession(std::int32_t id, TopicNaming naming) : id_(id), naming_(naming) {}

  std::int32_t id() const { return id_; }
  TopicNaming naming() const { return naming_; }
  std::size_t size() const { return entries_.size(); }
  std::int32_t epoch() const { return epoch_; }  // what the next request must carry
  void AdvanceEpoch() { epoch_ = NextFetchEpoch(epoch_); }

  // Takes over an incremental request: changes or adds `wanted`, then drops `forgotten`.
  void Update(std::span<const FetchTarget> wanted, std::span<const ForgottenTarget> forgotten);

  // All partitions, in the order in which they are to be read.
  std::vector<FetchTarget> Targets() const;

  // Remembers what the client is told of each partition. `answers[i]` belongs to the i-th of
  // Targets(), between which and now the session has not changed. `must_send[i]` says whether the
  // answer has anything that the client does not know. Partitions with records move to the end,
  // so that one that is always full cannot starve the others.
  std::vector<bool> NoteAnswers(std::span<const FetchedPartition> answers);

 private:
  struct Entry {
    FetchTarget target;
    Offset told_high_watermark = kNoOffset;
    Offset told_log_start = kNoOffset;
  };
  struct Key {
    std::string_view name;  // points into the entry's topic
    Uuid id;
    PartitionId partition;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept;
  };
  using Entries = std::list<Entry>;

  static Key KeyOf(const FetchTopic& topic, PartitionId partition) {
    return {topic.name, topic.id, partition};
  }
  static bool Note(Entry& entry, const FetchedPartition& answer);

  const std::int32_t id_;
  const TopicNaming naming_;
  std::int32_t epoch_ = NextFetchEpoch(kInitialFetchEpoch);
  Entries entries_;
  std::unordered_map<Key, Entries::iterator, KeyHash> by_key_;
};

}  // namespace gneiss::server
