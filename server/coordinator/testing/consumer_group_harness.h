// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/wire/writer.h"
#include "server/coordinator/assignor/assignor.h"
#include "server/coordinator/consumer_group_state.h"
#include "server/coordinator/consumer_protocol.h"

namespace gneiss::server {

inline Uuid TopicId(std::uint8_t number) {
  Uuid id;
  id.bytes[15] = number;
  return id;
}

// Topics that a test makes and changes.
class FakeTopics final : public GroupTopics {
 public:
  void Set(const std::string& name, std::uint8_t id, std::int32_t partitions) {
    topics_[name] = {.id = TopicId(id), .name = name, .partition_count = partitions};
    ++version_;
  }
  void Erase(const std::string& name) {
    topics_.erase(name);
    ++version_;
  }

  std::optional<GroupTopic> Find(std::string_view name) const override {
    const auto found = topics_.find(name);
    return found == topics_.end() ? std::nullopt : std::optional(found->second);
  }
  std::optional<GroupTopic> Find(const Uuid& id) const override {
    for (const auto& [name, topic] : topics_) {
      if (topic.id == id) return topic;
    }
    return std::nullopt;
  }
  std::vector<std::string> Names() const override {
    std::vector<std::string> names;
    for (const auto& [name, topic] : topics_) names.push_back(name);
    return names;
  }
  std::int64_t version() const override { return version_; }

 private:
  std::map<std::string, GroupTopic, std::less<>> topics_;
  std::int64_t version_ = 0;
};

// A group of the new protocol, topics "orders" (id 1, 4 partitions) and "logs" (id 2, 2), a clock
// that stands still until it is moved, and a log of what was to be stored.
class ConsumerGroupHarness : public ::testing::Test {
 protected:
  using Ms = std::chrono::milliseconds;
  using Ids = std::vector<std::int32_t>;
  static constexpr Ms kSession{45'000};
  static constexpr Ms kRebalance{60'000};
  static constexpr Ms kInterval{1'000};

  ConsumerGroupHarness() {
    settings_.assignors = {FindAssignor("uniform"), FindAssignor("range")};
    topics_.Set("orders", 1, 4);
    topics_.Set("logs", 2, 2);
  }

  // --- requests ---

  static ConsumerHeartbeatRequest BeatOf(const std::string& member, std::int32_t epoch) {
    ConsumerHeartbeatRequest request;
    request.identity.member_id = member;
    request.member_epoch = epoch;
    request.client_id = "client";
    request.client_host = "/127.0.0.1";
    return request;
  }
  static ConsumerHeartbeatRequest JoinOf(const std::string& member,
                                         std::vector<std::string> topics = {"orders"}) {
    ConsumerHeartbeatRequest request = BeatOf(member, kJoinEpoch);
    request.rebalance_timeout = kRebalance;
    request.topic_names = std::move(topics);
    request.owned.emplace();
    return request;
  }
  static ConsumerHeartbeatRequest StaticJoinOf(const std::string& member,
                                               const std::string& instance) {
    ConsumerHeartbeatRequest request = JoinOf(member);
    request.identity.instance_id = instance;
    return request;
  }
  // Partitions of "orders".
  static PartitionsByTopic Orders(Ids ids) {
    return ids.empty() ? PartitionsByTopic{} : PartitionsByTopic{{TopicId(1), std::move(ids)}};
  }

  ConsumerHeartbeatResult Send(const ConsumerHeartbeatRequest& request) {
    ConsumerHeartbeatOutcome outcome = group_.Heartbeat(request, context());
    changes_ = outcome.actions.changes;
    resolve_ = outcome.actions.resolve;
    return outcome.result;
  }
  ConsumerHeartbeatResult Join(const std::string& member) { return Send(JoinOf(member)); }
  ConsumerHeartbeatResult Beat(const std::string& member, std::int32_t epoch) {
    return Send(BeatOf(member, epoch));
  }
  // A heartbeat that reports what the member holds of "orders".
  ConsumerHeartbeatResult BeatOwning(const std::string& member, std::int32_t epoch, Ids owned) {
    ConsumerHeartbeatRequest request = BeatOf(member, epoch);
    request.owned = Orders(std::move(owned));
    return Send(request);
  }
  ConsumerHeartbeatResult Leave(const std::string& member) { return Beat(member, kLeaveEpoch); }

  static ConsumerHeartbeatRequest RegexJoinOf(const std::string& member, const std::string& regex) {
    ConsumerHeartbeatRequest request = JoinOf(member);
    request.topic_names.reset();
    request.topic_regex = regex;
    return request;
  }
  // What was asked for is resolved.
  void Resolve() {
    changes_ = group_.Resolved(ResolveRegexes(resolve_, topics_, now_.wall_ms), context()).changes;
  }

  // "m1" with 0 and 1, "m2" with 2 and 3, both at epoch 3.
  void MakePair() {
    Join("m1");
    Advance(kInterval);
    Join("m2");
    Beat("m1", 2);
    BeatOwning("m1", 2, {0, 1});
    Beat("m2", 3);
    ASSERT_EQ(group_.state_name(), "Stable");
    Advance(kInterval);
  }

  // --- the classic protocol ---

  static SharedBytes Subscription(std::vector<std::string> topics, Ids owned_orders) {
    protocol::ConsumerProtocolSubscription fields;
    fields.topics = std::move(topics);
    if (!owned_orders.empty()) fields.owned_partitions = {{"orders", std::move(owned_orders)}};
    std::string bytes("\0\3", 2);
    return SharedBytes::Own(bytes + wire::EncodeToString(fields, 3).value());
  }
  static JoinRequest ClassicJoinOf(const std::string& member, Ids owned = {}) {
    JoinRequest request;
    request.identity.member_id = member;
    request.client_id = "classic";
    request.client_host = "/127.0.0.1";
    request.session_timeout = Ms(10'000);
    request.rebalance_timeout = kRebalance;
    request.protocol_type = kConsumerProtocolType;
    request.protocols = {{"range", Subscription({"orders"}, std::move(owned))}};
    request.fresh_id.bytes[0] = 7;
    return request;
  }
  JoinResult SendClassic(const JoinRequest& request) {
    ClassicJoinOutcome outcome = group_.JoinClassic(request, context());
    changes_ = outcome.actions.changes;
    return outcome.result;
  }
  SyncResult SyncClassic(const std::string& member, std::int32_t generation) {
    SyncRequest request;
    request.caller = {{member, std::nullopt}, generation};
    return group_.SyncClassic(request, context()).result;
  }
  ErrorCode BeatClassic(const std::string& member, std::int32_t generation) {
    return group_.BeatClassic({{member, std::nullopt}, generation}, context()).error;
  }
  // What a classic member was told to read.
  PartitionsByTopic Synced(const std::string& member, std::int32_t generation) {
    const SyncResult result = SyncClassic(member, generation);
    EXPECT_EQ(result.error, ErrorCode::kNone);
    return ParseConsumerAssignment(result.assignment, topics_).value();
  }

  // --- time and views ---

  ConsumerGroupContext context() const { return {name_, settings_, topics_, now_}; }
  void Advance(Ms duration) {
    now_.steady += duration;
    now_.wall_ms += duration.count();
    changes_ = group_.Tick(context()).changes;
  }
  const ConsumerGroupMember* Member(const std::string& id) const {
    return group_.members().Find(id);
  }
  std::int32_t EpochOf(const std::string& id) const { return Member(id)->current.member_epoch; }
  bool Wrote(ConsumerGroupKey::Kind kind, const std::string& name = "") const {
    return changes_.contains({kind, name});
  }

  const std::string name_ = "g";
  ConsumerGroupSettings settings_;
  FakeTopics topics_;
  Instant now_{.steady = TimePoint(std::chrono::hours(1)), .wall_ms = 1'000'000};
  ConsumerGroupState group_;
  ConsumerGroupKeys changes_;         // of the last event
  std::vector<std::string> resolve_;  // what the last heartbeat asked to resolve
};

}  // namespace gneiss::server
