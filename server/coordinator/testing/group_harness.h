// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "server/coordinator/group_state.h"

namespace gneiss::server {

// A group, a clock that stands still until it is moved, and the mail that members have got.
// Writes succeed at once unless hold_writes() was called.
class GroupHarness : public ::testing::Test {
 protected:
  using Ms = std::chrono::milliseconds;
  static constexpr Ms kInitialDelay{3000};
  static constexpr Ms kSession{10'000};
  static constexpr Ms kRebalance{30'000};

  GroupHarness() { Create({.initial_rebalance_delay = kInitialDelay}); }

  void Create(const GroupSettings& settings) {
    settings_ = settings;
    group_.emplace(settings, now_);
  }
  GroupState& group() { return *group_; }
  std::string_view phase() { return ToString(group_->phase()); }
  int generation() { return group_->generation(); }
  Instant now() const { return now_; }

  // --- requests ---

  static std::vector<GroupProtocol> Protocols(std::vector<std::string> names,
                                              const std::string& metadata = "m") {
    std::vector<GroupProtocol> protocols;
    for (std::string& name : names) {
      protocols.push_back({std::move(name), SharedBytes::CopyOf(metadata)});
    }
    return protocols;
  }
  JoinRequest JoinOf(const std::string& member_id,
                     std::optional<std::string> instance_id = std::nullopt) {
    JoinRequest request;
    request.identity = {member_id, std::move(instance_id)};
    request.client_id = "client";
    request.client_host = "/127.0.0.1";
    request.session_timeout = kSession;
    request.rebalance_timeout = kRebalance;
    request.protocol_type = "test";
    request.protocols = Protocols({"range"});
    request.fresh_id.bytes[15] = ++fresh_ids_;
    return request;
  }
  WaiterId Send(JoinRequest request) {
    const WaiterId waiter(++waiters_);
    Do(group_->Join(std::move(request), waiter, now_));
    return waiter;
  }
  WaiterId Rejoin(const std::string& member_id) { return Send(JoinOf(member_id)); }
  // Asks for a member id and comes back with it; the join may stay parked.
  std::pair<std::string, WaiterId> Enter(JoinRequest request) {
    request.fresh_id.bytes[15] = ++fresh_ids_;
    const WaiterId first = Send(request);
    const JoinResult answer = Joined(first);
    EXPECT_EQ(answer.error, ErrorCode::kMemberIdRequired);
    request.identity.member_id = answer.member_id;
    return {answer.member_id, Send(request)};
  }
  std::pair<std::string, WaiterId> Enter() { return Enter(JoinOf("")); }

  SyncRequest SyncOf(const std::string& member_id) {
    return {.caller = {{member_id, std::nullopt}, group_->generation()},
            .protocol_type = std::nullopt,
            .protocol_name = std::nullopt,
            .assignments = {}};
  }
  WaiterId Send(const SyncRequest& request) {
    const WaiterId waiter(++waiters_);
    Do(group_->Sync(request, waiter, now_));
    return waiter;
  }
  WaiterId Sync(const std::string& member_id) { return Send(SyncOf(member_id)); }
  // The leader assigns "part of <id>" to every member.
  WaiterId Assign() {
    SyncRequest request = SyncOf(group_->membership().leader());
    for (const GroupMember& member : group_->membership().members()) {
      request.assignments.push_back({member.id(), SharedBytes::CopyOf("part of " + member.id())});
    }
    return Send(request);
  }
  ErrorCode Beat(const std::string& member_id,
                 std::optional<std::string> instance_id = std::nullopt) {
    return group_->Heartbeat({{member_id, std::move(instance_id)}, group_->generation()}, now_);
  }
  ErrorCode Leave(const std::string& member_id) {
    LeaveOutcome outcome = group_->Leave({{member_id, std::nullopt}}, now_);
    Do(std::move(outcome.actions));
    return outcome.result.members.at(0).error;
  }

  // A stable group of `size` dynamic members; returns their ids, the leader's first.
  std::vector<std::string> MakeStable(int size) {
    std::vector<std::string> members;
    for (int i = 0; i < size; ++i) members.push_back(Enter().first);
    while (phase() == "PreparingRebalance") Advance(kInitialDelay);
    for (const std::string& member : members) {
      if (member != group_->membership().leader()) Sync(member);
    }
    Assign();
    EXPECT_EQ(phase(), "Stable");
    return members;
  }

  // --- time and storage ---

  // Lets time pass, stopping at every deadline on the way.
  void Advance(Ms duration) {
    const TimePoint end = now_.steady + duration;
    while (group_->next_deadline() && *group_->next_deadline() <= end) {
      MoveTo(std::max(*group_->next_deadline(), now_.steady));
      Do(group_->Tick(now_));
    }
    MoveTo(end);
  }
  // Heartbeats of `members` keep them alive meanwhile.
  void AdvanceBeating(Ms duration, const std::vector<std::string>& members) {
    for (Ms passed{0}; passed < duration; passed += Ms(1000)) {
      Advance(Ms(1000));
      for (const std::string& member : members) (void)Beat(member);
    }
  }
  void hold_writes() { hold_writes_ = true; }
  // Ends the oldest write that is held.
  void FinishWrite(ErrorCode error = ErrorCode::kNone) {
    ASSERT_FALSE(held_.empty());
    const GroupPersist write = held_.front();
    held_.erase(held_.begin());
    if (error == ErrorCode::kNone) stored_.push_back(write.snapshot);
    Do(group_->Persisted(write.reason, error, now_));
  }
  std::size_t held_writes() const { return held_.size(); }
  // What a restart would find, oldest first.
  const std::vector<GroupSnapshot>& stored() const { return stored_; }
  void Restart() {
    ASSERT_FALSE(stored_.empty());
    group_.emplace(GroupState::Restore(settings_, stored_.back(), now_));
  }

  // --- answers ---

  bool IsParked(WaiterId waiter) const { return !mail_.contains(waiter); }
  JoinResult Joined(WaiterId waiter) const {
    const auto answer = mail_.find(waiter);
    if (answer == mail_.end()) {
      ADD_FAILURE() << "the join is still parked";
      return {};
    }
    return std::get<JoinResult>(answer->second);
  }
  SyncResult Synced(WaiterId waiter) const {
    const auto answer = mail_.find(waiter);
    if (answer == mail_.end()) {
      ADD_FAILURE() << "the sync is still parked";
      return {};
    }
    return std::get<SyncResult>(answer->second);
  }
  void Do(Actions actions) {
    for (GroupReply& reply : actions.replies) {
      EXPECT_TRUE(mail_.emplace(reply.to, std::move(reply.result)).second)
          << "answered twice: " << reply.to;
    }
    for (GroupPersist& write : actions.persists) held_.push_back(std::move(write));
    while (!hold_writes_ && !held_.empty()) FinishWrite();
  }

 private:
  void MoveTo(TimePoint time) {
    now_.wall_ms += std::chrono::duration_cast<Ms>(time - now_.steady).count();
    now_.steady = time;
  }

  GroupSettings settings_;
  Instant now_{.steady = TimePoint(std::chrono::hours(1)), .wall_ms = 1'000'000};
  std::optional<GroupState> group_;
  std::uint64_t waiters_ = 0;
  std::uint8_t fresh_ids_ = 0;
  std::map<WaiterId, std::variant<JoinResult, SyncResult>> mail_;
  bool hold_writes_ = false;
  std::vector<GroupPersist> held_;
  std::vector<GroupSnapshot> stored_;
};

}  // namespace gneiss::server
