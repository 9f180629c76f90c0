// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "protocol/base/mutex.h"
#include "protocol/base/uuid.h"
#include "server/config/broker_config.h"
#include "server/coordinator/group_shard.h"
#include "server/metadata/metadata_image.h"

namespace gneiss::server {

class LoopAlarm;
class MetadataSource;
class PartitionTable;
class StoragePool;

inline constexpr char kOffsetsTopic[] = "__consumer_offsets";

// GroupCoordinator serves the groups of consumers, of the classic protocol and of the new one
// (KIP-848), and the offsets of all groups.
//
// A group belongs to a partition of __consumer_offsets, by the hash of its name, and is served by
// whoever leads that partition. Each such partition is a shard of its own. Those that have data are
// loaded on the storage pool; a start does not wait for them.
// Threads: any, except Start and Stop.
class GroupCoordinator {
 public:
  template <class T>
  using Answer = GroupShard::Answer<T>;

  // What it stands on; all of it outlives the coordinator.
  struct Parts {
    const BrokerConfig& config;
    Clock& clock;
    MetadataSource& metadata;
    PartitionTable& partitions;  // follows the metadata before the coordinator does
    StoragePool& storage;
    boost::asio::any_io_executor timers;  // the loop that its timers run on
  };
  explicit GroupCoordinator(const Parts& parts);
  ~GroupCoordinator();

  // Follows the metadata from here on. Before the first change of the metadata.
  void Start();
  // Answers every parked request; later calls are refused. Before the storage pool is joined.
  void Stop();

  // The partition of the offsets topic that the group belongs to; none while there is no topic.
  std::optional<PartitionId> PartitionOf(const std::string& group) const;

  // Every call is answered with kNotCoordinator for a group that is not served here, with
  // kCoordinatorLoadInProgress while its shard is loading, and with kInvalidGroupId for an empty
  // name (offsets of the group "" are legal), or one that no record can hold.

  void Join(const std::string& group, JoinRequest request, Answer<JoinResult> answer);
  void Sync(const std::string& group, const SyncRequest& request, Answer<SyncResult> answer);
  ErrorCode Heartbeat(const std::string& group, const GenerationIdentity& caller);
  LeaveResult Leave(const std::string& group, const std::vector<MemberIdentity>& members);
  void ConsumerHeartbeat(const std::string& group, const ConsumerHeartbeatRequest& request,
                         Answer<ConsumerHeartbeatResult> answer);
  GroupDescription Describe(const std::string& group) const;
  ConsumerGroupDescription DescribeConsumerGroup(const std::string& group) const;
  GroupList List() const;
  void DeleteGroup(const std::string& group, Answer<ErrorCode> answer);

  // group_figures.cc: for people and metrics. They go through all groups: not for event loops.
  CoordinatorFigures Figures() const;
  // Where a group has come to: the first partitions by name. Nothing for a group that is not served
  // here.
  std::vector<GroupPosition> Positions(const std::string& group, std::size_t positions_max) const;
  // Whether any shard still reads its partition.
  bool IsLoading() const;

  // Whether the topics exist is the caller's business.
  void CommitOffsets(const std::string& group, CommitRequest request,
                     Answer<std::vector<ErrorCode>> answer);
  FetchedOffsets FetchOffsets(const std::string& group, const std::vector<TopicPartition>& wanted,
                              const OffsetReader& reader = {}) const;
  FetchedOffsets FetchAllOffsets(const std::string& group, const OffsetReader& reader = {}) const;
  void DeleteOffsets(const std::string& group, const std::vector<TopicPartition>& partitions,
                     Answer<OffsetDeleteResult> answer);

 private:
  struct Shards {
    Uuid topic_id;
    std::vector<std::shared_ptr<GroupShard>> by_partition;
  };
  using ShardsPtr = std::shared_ptr<const Shards>;
  enum class GroupName { kMayBeEmpty, kNotEmpty };
  struct Route {
    ErrorCode error = ErrorCode::kNone;
    std::shared_ptr<GroupShard> shard;  // set if there is no error
  };

  ShardsPtr shards() const EXCLUDES(mutex_);
  Route RouteTo(const std::string& group, GroupName rule) const;
  void FollowMetadata(const MetadataImage& before, const MetadataImage& after);
  void FollowOffsetsTopic(const MetadataImage& image);
  ShardsPtr MakeShards(const TopicImage& topic);
  std::shared_ptr<GroupShard> MakeShard(PartitionId partition);
  ConsumerGroupSettings ConsumerSettings(const std::string& group) const;
  void StartShard(const std::shared_ptr<GroupShard>& shard, PartitionId partition);
  void ReplaceShards(ShardsPtr shards) EXCLUDES(mutex_);
  void ScheduleExpiry();

  const Parts parts_;
  const std::vector<const Assignor*> assignors_;  // the default one first
  const ShardSettings settings_;
  std::unique_ptr<LoopAlarm> expiry_alarm_;
  mutable Mutex mutex_;
  ShardsPtr shards_ GUARDED_BY(mutex_);  // never null
  bool stopped_ GUARDED_BY(mutex_) = false;
};

}  // namespace gneiss::server
