// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/group_coordinator.h"

#include <algorithm>
#include <utility>

#include <glog/logging.h>

#include "engine/partition_log.h"
#include "server/config/group_config.h"
#include "server/coordinator/image_topics.h"
#include "server/coordinator/java_string.h"
#include "server/coordinator/loop_alarm.h"
#include "server/metadata/metadata_source.h"
#include "server/net/storage_pool.h"
#include "server/partition_table.h"

namespace gneiss::server {
namespace {

constexpr std::size_t kGroupNameBytesMax = 32'767;  // what the keys of the records can hold
constexpr std::size_t kReadBytes = std::size_t{1} << 20;

ShardSettings SettingsOf(const BrokerConfig& config) {
  return {.group = {.initial_rebalance_delay = config.group_initial_rebalance_delay,
                    .size_max = config.group_max_size},
          .migration = config.group_consumer_migration_policy,
          .offsets_retention = config.offsets_retention,
          .offset_metadata_max = config.offset_metadata_max_bytes};
}

std::vector<const Assignor*> AssignorsOf(const BrokerConfig& config) {
  std::vector<const Assignor*> assignors;
  for (const std::string& name : config.group_consumer_assignors) {
    assignors.push_back(FindAssignor(name));
  }
  return assignors;
}

// Reads a partition of the offsets topic from its start to its end. Blocks.
Result<ReplayedGroups> ReadGroups(const engine::PartitionLog& log) {
  GroupReplay replay;
  const engine::LogOffsets offsets = log.offsets();
  Offset next = offsets.log_start;
  while (next < offsets.high_watermark) {
    const engine::ReadLimits limits{.bytes_max = kReadBytes,
                                    .upper_bound = offsets.high_watermark,
                                    .at_least_one_batch = true,
                                    .tier = engine::ReadTier::kAll};
    GNEISS_ASSIGN_OR_RETURN(const engine::ReadView view, log.Read(next, limits));
    if (view.batches.empty()) break;
    for (const SharedBytes& bytes : view.batches) {
      GNEISS_ASSIGN_OR_RETURN(const records::RecordBatchView batch,
                              records::RecordBatchView::Parse(bytes.view()));
      GNEISS_RETURN_IF_ERROR(replay.Add(batch));
      next = batch.header().next_offset();
    }
  }
  return replay.Take();
}

bool IsOrphan(const MetadataImage& image, const TopicPartition& tp, const CommittedOffset& offset) {
  const std::shared_ptr<const TopicImage> topic = image.FindTopic(tp.topic);
  if (topic == nullptr) return true;
  return !offset.topic_id.IsZero() && offset.topic_id != topic->id;
}

// Why the assignor that a member asks for cannot be had; none if it can.
std::optional<std::string> WhyNoAssignor(const ConsumerGroupSettings& settings,
                                         const std::optional<std::string>& wanted) {
  if (!wanted) return std::nullopt;
  std::string names;
  for (const Assignor* assignor : settings.assignors) {
    if (assignor->name() == *wanted) return std::nullopt;
    if (!names.empty()) names += ", ";
    names += assignor->name();
  }
  return "ServerAssignor " + *wanted + " is not supported. Supported assignors: " + names + ".";
}

}  // namespace

GroupCoordinator::GroupCoordinator(const Parts& parts)
    : parts_(parts),
      assignors_(AssignorsOf(parts.config)),
      settings_(SettingsOf(parts.config)),
      shards_(std::make_shared<const Shards>()) {}

GroupCoordinator::~GroupCoordinator() = default;

// --- start, stop, metadata ---

void GroupCoordinator::Start() {
  FollowOffsetsTopic(*parts_.metadata.image());
  parts_.metadata.Subscribe([this](const MetadataImage& before, const MetadataImage& after) {
    FollowMetadata(before, after);
  });
  expiry_alarm_ = std::make_unique<LoopAlarm>(parts_.timers, [this] {
    parts_.storage.Post([shards = shards()] {
      for (const auto& shard : shards->by_partition) shard->ExpireOffsets();
    });
    ScheduleExpiry();
  });
  ScheduleExpiry();
}

void GroupCoordinator::Stop() {
  {
    const MutexLock lock(mutex_);
    if (std::exchange(stopped_, true)) return;
  }
  if (expiry_alarm_ != nullptr) expiry_alarm_->Cancel();
  for (const auto& shard : shards()->by_partition) {
    shard->Close(ErrorCode::kCoordinatorNotAvailable);
  }
}

void GroupCoordinator::ScheduleExpiry() {
  expiry_alarm_->WakeAt(parts_.clock.Now() + parts_.config.offsets_retention_check_interval);
}

void GroupCoordinator::FollowMetadata(const MetadataImage& before, const MetadataImage& after) {
  for (const TopicChange& change : ChangedTopics(before, after)) {
    const bool is_deleted = change.after == nullptr;
    const std::string& name = is_deleted ? change.before->name : change.after->name;
    if (name == kOffsetsTopic) {
      FollowOffsetsTopic(after);
    } else if (is_deleted) {
      for (const auto& shard : shards()->by_partition) shard->ForgetTopic(name);
    }
  }
}

// Makes the shards when the topic appears. How many partitions it has then holds as long as it
// lives: groups would lose their place if that changed.
void GroupCoordinator::FollowOffsetsTopic(const MetadataImage& image) {
  const std::shared_ptr<const TopicImage> topic = image.FindTopic(kOffsetsTopic);
  const ShardsPtr present = shards();
  if (topic == nullptr) {
    if (present->by_partition.empty()) return;
    LOG(WARNING) << "the offsets topic was deleted, and with it all groups";
    ReplaceShards(std::make_shared<const Shards>());
  } else if (present->by_partition.empty() || present->topic_id != topic->id) {
    ReplaceShards(MakeShards(*topic));
  } else if (present->by_partition.size() != topic->partitions.size()) {
    LOG(WARNING) << "the offsets topic has got more partitions, which are not used until a restart";
    return;
  } else {
    return;
  }
  for (const auto& shard : present->by_partition) shard->Close(ErrorCode::kNotCoordinator);
}

void GroupCoordinator::ReplaceShards(ShardsPtr shards) {
  const MutexLock lock(mutex_);
  if (!stopped_) shards_ = std::move(shards);
}

GroupCoordinator::ShardsPtr GroupCoordinator::MakeShards(const TopicImage& topic) {
  auto shards = std::make_shared<Shards>();
  shards->topic_id = topic.id;
  for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
    shards->by_partition.push_back(MakeShard(PartitionId(static_cast<std::int32_t>(i))));
  }
  return shards;
}

std::shared_ptr<GroupShard> GroupCoordinator::MakeShard(PartitionId partition) {
  auto find = [&partitions = parts_.partitions, partition] {
    return partitions.Find(kOffsetsTopic, partition);
  };
  ConsumerGroupSources sources{
      .topics = [&metadata = parts_.metadata] { return MakeGroupTopics(metadata.image()); },
      .settings = [this](const std::string& group) { return ConsumerSettings(group); },
      .post = [&storage =
                   parts_.storage](std::function<void()> work) { storage.Post(std::move(work)); }};
  auto shard =
      std::make_shared<GroupShard>(settings_, std::move(find), std::move(sources), parts_.clock);
  shard->set_alarm(
      std::make_unique<LoopAlarm>(parts_.timers, [weak = std::weak_ptr<GroupShard>(shard)] {
        if (const std::shared_ptr<GroupShard> alive = weak.lock()) alive->Tick();
      }));
  StartShard(shard, partition);
  return shard;
}

void GroupCoordinator::StartShard(const std::shared_ptr<GroupShard>& shard, PartitionId partition) {
  const PartitionPtr found = parts_.partitions.Find(kOffsetsTopic, partition);
  if (found == nullptr) {
    shard->Close(ErrorCode::kNotCoordinator);
    return;
  }
  const engine::LogOffsets offsets = found->log->offsets();
  if (offsets.log_start == offsets.high_watermark) {
    shard->StartEmpty();
    return;
  }
  parts_.storage.Post([shard, log = found->log, &metadata = parts_.metadata] {
    shard->Load([&log] { return ReadGroups(*log); },
                // The image of now, not of before the log was read: a topic may be made and
                // committed to in between.
                [&metadata](const TopicPartition& tp, const CommittedOffset& offset) {
                  return IsOrphan(*metadata.image(), tp, offset);
                });
  });
}

ConsumerGroupSettings GroupCoordinator::ConsumerSettings(const std::string& group) const {
  const ConsumerGroupConfig config =
      ResolveConsumerGroupConfig(parts_.config, *parts_.metadata.image(), group);
  return {.session_timeout = config.session_timeout,
          .heartbeat_interval = config.heartbeat_interval,
          .assignment_interval = config.assignment_interval,
          .size_max = parts_.config.group_consumer_max_size,
          .assignors = assignors_};
}

// --- routing ---

GroupCoordinator::ShardsPtr GroupCoordinator::shards() const {
  const MutexLock lock(mutex_);
  return shards_;
}

std::optional<PartitionId> GroupCoordinator::PartitionOf(const std::string& group) const {
  const ShardsPtr present = shards();
  if (present->by_partition.empty()) return std::nullopt;
  return PartitionId(
      CoordinatorPartition(group, static_cast<std::int32_t>(present->by_partition.size())));
}

GroupCoordinator::Route GroupCoordinator::RouteTo(const std::string& group, GroupName rule) const {
  const bool is_valid =
      group.size() <= kGroupNameBytesMax && (rule == GroupName::kMayBeEmpty || !group.empty());
  if (!is_valid) return {ErrorCode::kInvalidGroupId, nullptr};
  const ShardsPtr present = shards();
  if (present->by_partition.empty()) return {ErrorCode::kNotCoordinator, nullptr};
  const std::int32_t partition =
      CoordinatorPartition(group, static_cast<std::int32_t>(present->by_partition.size()));
  return {ErrorCode::kNone, present->by_partition[static_cast<std::size_t>(partition)]};
}

// --- members ---

void GroupCoordinator::Join(const std::string& group, JoinRequest request,
                            Answer<JoinResult> answer) {
  Route route = RouteTo(group, GroupName::kNotEmpty);
  const bool timeout_is_valid =
      request.session_timeout >= parts_.config.group_min_session_timeout &&
      request.session_timeout <= parts_.config.group_max_session_timeout;
  if (route.error != ErrorCode::kInvalidGroupId && !timeout_is_valid) {
    route.error = ErrorCode::kInvalidSessionTimeout;
  }
  if (route.error != ErrorCode::kNone) {
    JoinResult result;
    result.error = route.error;
    result.member_id = request.identity.member_id;
    answer(std::move(result));
    return;
  }
  route.shard->Join(group, std::move(request), std::move(answer));
}

void GroupCoordinator::Sync(const std::string& group, const SyncRequest& request,
                            Answer<SyncResult> answer) {
  const Route route = RouteTo(group, GroupName::kNotEmpty);
  if (route.error != ErrorCode::kNone) {
    SyncResult result;
    result.error = route.error;
    answer(std::move(result));
    return;
  }
  route.shard->Sync(group, request, std::move(answer));
}

ErrorCode GroupCoordinator::Heartbeat(const std::string& group, const GenerationIdentity& caller) {
  const Route route = RouteTo(group, GroupName::kNotEmpty);
  if (route.error != ErrorCode::kNone) return route.error;
  return route.shard->Heartbeat(group, caller);
}

LeaveResult GroupCoordinator::Leave(const std::string& group,
                                    const std::vector<MemberIdentity>& members) {
  const Route route = RouteTo(group, GroupName::kNotEmpty);
  if (route.error != ErrorCode::kNone) return {.error = route.error, .members = {}};
  return route.shard->Leave(group, members);
}

void GroupCoordinator::ConsumerHeartbeat(const std::string& group,
                                         const ConsumerHeartbeatRequest& request,
                                         Answer<ConsumerHeartbeatResult> answer) {
  const Route route = RouteTo(group, GroupName::kNotEmpty);
  ConsumerHeartbeatResult refusal;
  refusal.error = route.error;
  if (const std::optional<std::string> why =
          WhyNoAssignor(ConsumerSettings(group), request.server_assignor)) {
    refusal.error = ErrorCode::kUnsupportedAssignor;
    refusal.error_message = *why;
  }
  if (refusal.error != ErrorCode::kNone) {
    answer(std::move(refusal));
    return;
  }
  route.shard->ConsumerHeartbeat(group, request, std::move(answer));
}

ConsumerGroupDescription GroupCoordinator::DescribeConsumerGroup(const std::string& group) const {
  const Route route = RouteTo(group, GroupName::kNotEmpty);
  if (route.error == ErrorCode::kNone) return route.shard->DescribeConsumerGroup(group);
  ConsumerGroupDescription description;
  description.error = route.error;
  return description;
}

GroupDescription GroupCoordinator::Describe(const std::string& group) const {
  const Route route = RouteTo(group, GroupName::kMayBeEmpty);
  if (route.error == ErrorCode::kNone) return route.shard->Describe(group);
  GroupDescription description;
  description.error = route.error;
  return description;
}

GroupList GroupCoordinator::List() const {
  GroupList list;
  for (const auto& shard : shards()->by_partition) {
    GroupList part = shard->List();
    // A shard that is led elsewhere is listed there.
    if (part.error != ErrorCode::kNone && part.error != ErrorCode::kNotCoordinator) {
      return {.error = part.error, .groups = {}};
    }
    std::ranges::move(part.groups, std::back_inserter(list.groups));
  }
  return list;
}

void GroupCoordinator::DeleteGroup(const std::string& group, Answer<ErrorCode> answer) {
  const Route route = RouteTo(group, GroupName::kMayBeEmpty);
  if (route.error != ErrorCode::kNone) {
    answer(route.error);
    return;
  }
  route.shard->DeleteGroup(group, std::move(answer));
}

// --- offsets ---

void GroupCoordinator::CommitOffsets(const std::string& group, CommitRequest request,
                                     Answer<std::vector<ErrorCode>> answer) {
  const Route route = RouteTo(group, GroupName::kMayBeEmpty);
  if (route.error != ErrorCode::kNone) {
    answer(std::vector<ErrorCode>(request.items.size(), route.error));
    return;
  }
  route.shard->Commit(group, std::move(request), std::move(answer));
}

FetchedOffsets GroupCoordinator::FetchOffsets(const std::string& group,
                                              const std::vector<TopicPartition>& wanted,
                                              const OffsetReader& reader) const {
  const Route route = RouteTo(group, GroupName::kMayBeEmpty);
  if (route.error != ErrorCode::kNone) return {.error = route.error, .offsets = {}};
  return route.shard->Fetch(group, wanted, reader);
}

FetchedOffsets GroupCoordinator::FetchAllOffsets(const std::string& group,
                                                 const OffsetReader& reader) const {
  const Route route = RouteTo(group, GroupName::kMayBeEmpty);
  if (route.error != ErrorCode::kNone) return {.error = route.error, .offsets = {}};
  return route.shard->FetchAll(group, reader);
}

void GroupCoordinator::DeleteOffsets(const std::string& group,
                                     const std::vector<TopicPartition>& partitions,
                                     Answer<OffsetDeleteResult> answer) {
  const Route route = RouteTo(group, GroupName::kNotEmpty);
  if (route.error != ErrorCode::kNone) {
    answer({.error = route.error, .partitions = {}});
    return;
  }
  route.shard->DeleteOffsets(group, partitions, std::move(answer));
}

}  // namespace gneiss::server
