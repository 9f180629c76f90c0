// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/records/record_batch.h"
#include "server/coordinator/group_shard.h"
#include "server/coordinator/testing/consumer_group_harness.h"
#include "server/testing/fake_partition_log.h"

namespace gneiss::server {

class ManualClock final : public Clock {
 public:
  TimestampMs WallMs() const override { return wall_ms_; }
  TimePoint Now() const override { return now_; }
  void Advance(std::chrono::milliseconds duration) {
    now_ += duration;
    wall_ms_ += duration.count();
  }

 private:
  TimePoint now_{std::chrono::hours(1)};
  TimestampMs wall_ms_ = 1'000'000;
};

// What the shard asked to be woken at.
struct AlarmState {
  std::optional<TimePoint> time;
  int set = 0;
};

class FakeAlarm final : public ShardAlarm {
 public:
  explicit FakeAlarm(AlarmState& state) : state_(state) {}
  void WakeAt(TimePoint time) override {
    state_.time = time;
    ++state_.set;
  }
  void Cancel() override { state_.time.reset(); }

 private:
  AlarmState& state_;
};

inline const TopicPartition kOrders0{"orders", PartitionId(0)};
inline const TopicPartition kOrders1{"orders", PartitionId(1)};
inline const TopicPartition kLogs0{"logs", PartitionId(0)};

// A shard on a log in memory, whose topics are "orders" (4 partitions) and "logs" (2).
class GroupShardHarness : public ::testing::Test {
 protected:
  GroupShardHarness() {
    log_->SetAppends(testing::FakePartitionLog::Appends::kTaken);
    NewShard();
    shard_->StartEmpty();
  }
  ~GroupShardHarness() override { shard_->Close(ErrorCode::kNotCoordinator); }

  void NewShard() {
    settings_.group.initial_rebalance_delay = std::chrono::milliseconds(0);
    settings_.offsets_retention = std::chrono::hours(1);
    ConsumerGroupSources sources{
        .topics = [this] { return topics_; },
        .settings = [this](const std::string&) { return consumer_settings_; },
        .post = [this](std::function<void()> work) { posted_.push_back(std::move(work)); }};
    shard_ = std::make_shared<GroupShard>(
        settings_, [this] { return partition_; }, std::move(sources), clock_);
    alarm_ = {};
    shard_->set_alarm(std::make_unique<FakeAlarm>(alarm_));
  }
  // A new broker reads what the old one has written.
  void Restart(GroupShard::IsOrphan is_orphan = [](const auto&, const auto&) { return false; }) {
    shard_->Close(ErrorCode::kNotCoordinator);
    NewShard();
    shard_->Load([this] { return ReadLog(); }, is_orphan);
  }
  Result<ReplayedGroups> ReadLog() {
    GroupReplay replay;
    const engine::ReadView view =
        log_->Read(Offset(0), {.bytes_max = 1 << 30, .upper_bound = Offset(1'000'000)}).value();
    for (const SharedBytes& bytes : view.batches) {
      GNEISS_RETURN_IF_ERROR(replay.Add(records::RecordBatchView::Parse(bytes.view()).value()));
    }
    return replay.Take();
  }

  JoinRequest JoinOf(const std::string& member_id) {
    JoinRequest request;
    request.identity.member_id = member_id;
    request.client_id = "client";
    request.session_timeout = std::chrono::milliseconds(10'000);
    request.rebalance_timeout = std::chrono::milliseconds(30'000);
    request.protocol_type = "consumer";
    request.protocols = {{"range", SharedBytes()}};
    request.fresh_id.bytes[15] = ++fresh_ids_;
    return request;
  }
  // The answer may come during the call or later.
  std::shared_ptr<std::optional<JoinResult>> SendJoin(const std::string& group,
                                                      const std::string& member_id) {
    auto result = std::make_shared<std::optional<JoinResult>>();
    shard_->Join(group, JoinOf(member_id), [result](JoinResult answer) { *result = answer; });
    return result;
  }
  std::shared_ptr<std::optional<SyncResult>> SendSync(const std::string& group,
                                                      const JoinResult& joined) {
    SyncRequest request;
    request.caller = {{joined.member_id, std::nullopt}, joined.generation};
    request.assignments.push_back({joined.member_id, SharedBytes::CopyOf("all")});
    auto result = std::make_shared<std::optional<SyncResult>>();
    shard_->Sync(group, request, [result](SyncResult answer) { *result = answer; });
    return result;
  }
  // A group of one member, stable.
  JoinResult MakeStable(const std::string& group) {
    const std::string id = (**SendJoin(group, "")).member_id;
    const auto join = SendJoin(group, id);
    shard_->Tick();
    EXPECT_TRUE(join->has_value());
    const auto sync = SendSync(group, **join);
    EXPECT_EQ((**sync).error, ErrorCode::kNone);
    return **join;
  }
  ErrorCode Beat(const std::string& group, const JoinResult& member) {
    return shard_->Heartbeat(group, {{member.member_id, std::nullopt}, member.generation});
  }

  CommitRequest CommitOf(std::vector<std::pair<TopicPartition, std::int64_t>> offsets) {
    CommitRequest request;
    for (auto& [tp, offset] : offsets) {
      request.items.push_back({.tp = tp,
                               .topic_id = Uuid{{7}},
                               .offset = Offset(offset),
                               .leader_epoch = LeaderEpoch(2),
                               .metadata = "m"});
    }
    return request;
  }
  std::shared_ptr<std::optional<std::vector<ErrorCode>>> Send(const std::string& group,
                                                              CommitRequest request) {
    auto result = std::make_shared<std::optional<std::vector<ErrorCode>>>();
    shard_->Commit(group, std::move(request),
                   [result](std::vector<ErrorCode> codes) { *result = std::move(codes); });
    return result;
  }
  std::vector<ErrorCode> Commit(const std::string& group, const TopicPartition& tp,
                                std::int64_t offset) {
    return **Send(group, CommitOf({{tp, offset}}));
  }
  // -1 if there is none.
  std::int64_t Fetch(const std::string& group, const TopicPartition& tp) {
    const FetchedOffsets fetched = shard_->Fetch(group, {tp}, {});
    EXPECT_EQ(fetched.error, ErrorCode::kNone);
    return fetched.offsets.at(0).offset ? fetched.offsets[0].offset->offset.value() : -1;
  }
  ErrorCode Delete(const std::string& group) {
    ErrorCode result = ErrorCode::kUnknownServerError;
    shard_->DeleteGroup(group, [&result](ErrorCode error) { result = error; });
    return result;
  }
  std::vector<std::string> Groups() {
    std::vector<std::string> names;
    for (const ListedGroup& group : shard_->List().groups) names.push_back(group.group);
    std::ranges::sort(names);
    return names;
  }
  static std::shared_ptr<FakeTopics> MakeTopics() {
    auto topics = std::make_shared<FakeTopics>();
    topics->Set("orders", 1, 4);
    topics->Set("logs", 2, 2);
    return topics;
  }
  static ConsumerGroupSettings MakeConsumerSettings() {
    ConsumerGroupSettings settings;
    settings.assignors = {FindAssignor("uniform"), FindAssignor("range")};
    return settings;
  }
  void SetAppends(testing::FakePartitionLog::Appends appends) { log_->SetAppends(appends); }

  ManualClock clock_;
  std::shared_ptr<testing::FakePartitionLog> log_ = std::make_shared<testing::FakePartitionLog>(
      TopicPartition{"__consumer_offsets", PartitionId(3)});
  PartitionPtr partition_ =
      std::make_shared<const Partition>(Partition{.tp = log_->topic_partition(),
                                                  .topic_id = {},
                                                  .leader_epoch = LeaderEpoch(0),
                                                  .log = log_,
                                                  .config = std::make_shared<const TopicConfig>()});
  ShardSettings settings_;
  std::shared_ptr<FakeTopics> topics_ = MakeTopics();
  ConsumerGroupSettings consumer_settings_ = MakeConsumerSettings();
  std::vector<std::function<void()>> posted_;
  AlarmState alarm_;
  std::shared_ptr<GroupShard> shard_;
  std::uint8_t fresh_ids_ = 0;
};

}  // namespace gneiss::server
