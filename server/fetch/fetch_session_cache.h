// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <span>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "protocol/base/clock.h"
#include "protocol/base/mutex.h"
#include "server/dispatch/error_mapping.h"
#include "server/fetch/fetch_session.h"

namespace gneiss::server {

// What a fetch request says about its session.
struct FetchSessionRequest {
  std::int32_t session_id = kNoFetchSession;
  std::int32_t session_epoch = kFinalFetchEpoch;
  TopicNaming naming = TopicNaming::kByName;
  std::vector<FetchTarget> wanted;
  std::vector<ForgottenTarget> forgotten;
};

// The partitions that one fetch is to read, and what its session makes of the answer.
struct FetchScope {
  enum class Kind {
    kSessionless,
    kNewSession,   // the answer may open a session
    kIncremental,  // the answer carries only what changed
  };
  // Set when the session does not take the request; there is nothing to read then.
  ErrorCode error = ErrorCode::kNone;
  Kind kind = Kind::kSessionless;
  TopicNaming naming = TopicNaming::kByName;
  std::int32_t session_id = kNoFetchSession;
  std::int32_t next_epoch = kFinalFetchEpoch;  // of the session while this request is served
  std::vector<FetchTarget> targets;
};

// How a fetch is to be answered.
struct FetchSessionAnswer {
  ErrorCode error = ErrorCode::kNone;  // with an error nothing is sent but itself
  std::int32_t session_id = kNoFetchSession;
  std::vector<bool> must_send;  // for each target; empty: all of them
};

// FetchSessionCache keeps the fetch sessions of all connections (KIP-227): at most `slots`. When
// it is full a new session takes the place of one that was idle for two minutes, or of one that is
// two minutes old and smaller; otherwise its client gets no session and sends full requests.
// Threads: any.
class FetchSessionCache {
 public:
  FetchSessionCache(std::size_t slots, Clock& clock);

  // Takes a request into its session. The session's epoch advances here, not with the answer.
  FetchScope Begin(FetchSessionRequest request) EXCLUDES(mutex_);

  // Closes what Begin opened: opens the new session or picks what changed since the last answer.
  // `answers[i]` belongs to `scope.targets[i]`.
  FetchSessionAnswer End(const FetchScope& scope, std::span<const FetchedPartition> answers)
      EXCLUDES(mutex_);

  std::size_t size() const EXCLUDES(mutex_);
  struct Figures {
    std::size_t sessions = 0;
    std::size_t partitions = 0;  // of all sessions
    std::uint64_t evictions = 0;
  };
  Figures figures() const EXCLUDES(mutex_);

 private:
  struct Slot {
    Slot(std::int32_t id, TopicNaming naming) : session(id, naming) {}
    FetchSession session;
    TimePoint created;
    TimePoint used;
    std::size_t ranked_size = 0;  // its size when it was last put into by_size_
  };
  using Slots = std::unordered_map<std::int32_t, std::unique_ptr<Slot>>;

  FetchScope BeginFull(FetchSessionRequest request) REQUIRES(mutex_);
  FetchScope BeginIncremental(FetchSessionRequest request) REQUIRES(mutex_);
  std::int32_t Open(const FetchScope& scope, std::span<const FetchedPartition> answers)
      REQUIRES(mutex_);
  bool MakeRoom(std::size_t partitions) REQUIRES(mutex_);
  void Touch(Slot& slot) REQUIRES(mutex_);
  void Remove(std::int32_t id) REQUIRES(mutex_);
  std::int32_t NewId() REQUIRES(mutex_);

  const std::size_t slots_max_;
  Clock& clock_;
  mutable Mutex mutex_;
  Slots slots_ GUARDED_BY(mutex_);
  std::uint64_t evictions_ GUARDED_BY(mutex_) = 0;
  // Both orders serve eviction: the longest unused, and the smallest.
  std::set<std::pair<TimePoint, std::int32_t>> by_use_ GUARDED_BY(mutex_);
  std::set<std::pair<std::size_t, std::int32_t>> by_size_ GUARDED_BY(mutex_);  // old enough only
  std::mt19937 random_ GUARDED_BY(mutex_);
};

}  // namespace gneiss::server
