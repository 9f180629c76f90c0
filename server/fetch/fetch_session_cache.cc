// SPDX-License-Identifier: Apache-2.0
#include "server/fetch/fetch_session_cache.h"

#include <chrono>
#include <limits>
#include <utility>

namespace gneiss::server {

namespace {

// A session is safe from eviction for this long after its creation or its last use.
constexpr std::chrono::minutes kSafeFromEviction{2};

}  // namespace

FetchSessionCache::FetchSessionCache(std::size_t slots, Clock& clock)
    : slots_max_(slots), clock_(clock), random_(std::random_device{}()) {}

FetchScope FetchSessionCache::Begin(FetchSessionRequest request) {
  const MutexLock lock(mutex_);
  const bool full =
      request.session_epoch == kInitialFetchEpoch || request.session_epoch == kFinalFetchEpoch;
  return full ? BeginFull(std::move(request)) : BeginIncremental(std::move(request));
}

FetchScope FetchSessionCache::BeginFull(FetchSessionRequest request) {
  Remove(request.session_id);  // a full request closes the session that it names
  FetchScope scope{.kind = request.session_epoch == kFinalFetchEpoch
                               ? FetchScope::Kind::kSessionless
                               : FetchScope::Kind::kNewSession,
                   .naming = request.naming,
                   .targets = {}};
  scope.targets = std::move(request.wanted);
  return scope;
}

FetchScope FetchSessionCache::BeginIncremental(FetchSessionRequest request) {
  const auto found = slots_.find(request.session_id);
  if (found == slots_.end()) return {.error = ErrorCode::kFetchSessionIdNotFound, .targets = {}};
  Slot& slot = *found->second;
  FetchSession& session = slot.session;
  if (session.epoch() != request.session_epoch) {
    return {.error = ErrorCode::kInvalidFetchSessionEpoch, .targets = {}};
  }
  if (session.naming() != request.naming) {
    return {.error = ErrorCode::kFetchSessionTopicIdError, .targets = {}};
  }
  session.Update(request.wanted, request.forgotten);
  if (session.size() == 0) {
    Remove(request.session_id);
    return {.naming = request.naming, .targets = {}};
  }
  session.AdvanceEpoch();
  Touch(slot);
  return {.kind = FetchScope::Kind::kIncremental,
          .naming = request.naming,
          .session_id = session.id(),
          .next_epoch = session.epoch(),
          .targets = session.Targets()};
}

FetchSessionAnswer FetchSessionCache::End(const FetchScope& scope,
                                          std::span<const FetchedPartition> answers) {
  switch (scope.kind) {
    case FetchScope::Kind::kSessionless:
      return {.must_send = {}};
    case FetchScope::Kind::kNewSession: {
      const MutexLock lock(mutex_);
      return {.session_id = Open(scope, answers), .must_send = {}};
    }
    case FetchScope::Kind::kIncremental:
      break;
  }
  const MutexLock lock(mutex_);
  const auto found = slots_.find(scope.session_id);
  // Evicted while the request was parked. Its answer is complete enough to be used once more; the
  // next request learns that the session is gone.
  if (found == slots_.end()) return {.session_id = scope.session_id, .must_send = {}};
  FetchSession& session = found->second->session;
  if (session.epoch() != scope.next_epoch) {
    // Another request of the session overtook this one.
    return {.error = ErrorCode::kInvalidFetchSessionEpoch, .must_send = {}};
  }
  return {.session_id = scope.session_id, .must_send = session.NoteAnswers(answers)};
}

std::size_t FetchSessionCache::size() const {
  const MutexLock lock(mutex_);
  return slots_.size();
}

FetchSessionCache::Figures FetchSessionCache::figures() const {
  const MutexLock lock(mutex_);
  Figures figures{.sessions = slots_.size(), .evictions = evictions_};
  for (const auto& [id, slot] : slots_) figures.partitions += slot->session.size();
  return figures;
}

std::int32_t FetchSessionCache::Open(const FetchScope& scope,
                                     std::span<const FetchedPartition> answers) {
  if (!MakeRoom(scope.targets.size())) return kNoFetchSession;
  const std::int32_t id = NewId();
  auto slot = std::make_unique<Slot>(id, scope.naming);
  slot->session.Update(scope.targets, {});
  // A partition that is named twice has one entry and two answers: nothing is noted then, and the
  // first incremental answer tells all of it again.
  if (slot->session.size() == answers.size()) slot->session.NoteAnswers(answers);
  slot->created = slot->used = clock_.Now();
  by_use_.emplace(slot->used, id);
  Touch(*slot);
  slots_.emplace(id, std::move(slot));
  return id;
}

bool FetchSessionCache::MakeRoom(std::size_t partitions) {
  if (slots_.size() < slots_max_) return true;
  if (by_use_.empty()) return false;
  const auto [used, stale_id] = *by_use_.begin();
  if (clock_.Now() - used > kSafeFromEviction) {
    Remove(stale_id);
    ++evictions_;
    return true;
  }
  // Ranks are refreshed by use, so a session that has not been used since it came of age is found
  // by its age above, not here.
  if (by_size_.empty() || by_size_.begin()->first > partitions) return false;
  Remove(by_size_.begin()->second);
  ++evictions_;
  return true;
}

void FetchSessionCache::Touch(Slot& slot) {
  const std::int32_t id = slot.session.id();
  by_use_.erase({slot.used, id});
  slot.used = clock_.Now();
  by_use_.emplace(slot.used, id);
  by_size_.erase({slot.ranked_size, id});
  slot.ranked_size = slot.session.size();
  if (slot.used - slot.created > kSafeFromEviction) by_size_.emplace(slot.ranked_size, id);
}

void FetchSessionCache::Remove(std::int32_t id) {
  const auto found = slots_.find(id);
  if (found == slots_.end()) return;
  by_use_.erase({found->second->used, id});
  by_size_.erase({found->second->ranked_size, id});
  slots_.erase(found);
}

std::int32_t FetchSessionCache::NewId() {
  std::uniform_int_distribution<std::int32_t> ids(1, std::numeric_limits<std::int32_t>::max());
  while (true) {
    const std::int32_t id = ids(random_);
    if (!slots_.contains(id)) return id;
  }
}

}  // namespace gneiss::server
