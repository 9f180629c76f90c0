// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/offset_commit.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/broker.h"
#include "server/coordinator/group_coordinator.h"
#include "server/dispatch/error_mapping.h"
#include "server/metadata/metadata_source.h"
#include "server/net/await_callback.h"

namespace gneiss::server {
namespace {

using Request = OffsetCommitHandler::Request;
using Response = OffsetCommitHandler::Response;

// A commit split in two: the answers that are known already, in the order of the request, and what
// the group is asked to store. slots[i] is where the answer to commit.items[i] belongs.
struct SplitCommit {
  struct Slot {
    std::size_t topic;
    std::size_t partition;
  };
  Response response;
  CommitRequest commit;
  std::vector<Slot> slots;
};

std::shared_ptr<const TopicImage> FindTopic(const MetadataImage& image,
                                            const Request::OffsetCommitRequestTopic& topic,
                                            std::int16_t version) {
  return version >= 10 ? image.FindTopic(topic.topic_id) : image.FindTopic(topic.name);
}

CommitItem ToItem(const TopicImage& topic, Request::OffsetCommitRequestPartition partition) {
  return {.tp = {topic.name, PartitionId(partition.partition_index)},
          .topic_id = topic.id,
          .offset = Offset(partition.committed_offset),
          .leader_epoch = LeaderEpoch(partition.committed_leader_epoch),
          .metadata = std::move(partition.committed_metadata).value_or("")};
}

SplitCommit Split(const MetadataImage& image, Request request, std::int16_t version) {
  SplitCommit split;
  const ErrorCode unknown_topic =
      version >= 10 ? ErrorCode::kUnknownTopicId : ErrorCode::kUnknownTopicOrPartition;
  for (auto& topic : request.topics) {
    const std::shared_ptr<const TopicImage> known = FindTopic(image, topic, version);
    const std::size_t topic_index = split.response.topics.size();
    auto& answer = split.response.topics.emplace_back();
    answer.name = std::move(topic.name);
    answer.topic_id = topic.topic_id;
    for (auto& partition : topic.partitions) {
      const auto index = static_cast<std::size_t>(partition.partition_index);  // negative: large
      auto& slot = answer.partitions.emplace_back();
      slot.partition_index = partition.partition_index;
      if (known == nullptr) {
        slot.error_code = ToWire(unknown_topic);
      } else if (index >= known->partitions.size()) {
        slot.error_code = ToWire(ErrorCode::kUnknownTopicOrPartition);
      } else {
        split.slots.push_back({topic_index, answer.partitions.size() - 1});
        split.commit.items.push_back(ToItem(*known, std::move(partition)));
      }
    }
  }
  split.commit.caller = {{std::move(request.member_id), std::move(request.group_instance_id)},
                         request.generation_id_or_member_epoch};
  if (request.retention_time_ms >= 0) {
    split.commit.retention = std::chrono::milliseconds(request.retention_time_ms);
  }
  split.commit.unknown_group =
      version >= 9 ? ErrorCode::kGroupIdNotFound : ErrorCode::kIllegalGeneration;
  split.commit.member_epochs = version >= 9 ? ErrorCode::kNone : ErrorCode::kUnsupportedVersion;
  return split;
}

}  // namespace

asio::awaitable<Response> OffsetCommitHandler::Handle(RequestContext& ctx, Request request) {
  std::string group = request.group_id;
  const MetadataImagePtr image = ctx.broker().metadata().image();
  SplitCommit split = Split(*image, std::move(request), ctx.version());
  if (split.slots.empty()) co_return std::move(split.response);
  auto start = [&groups = ctx.broker().groups(), group = std::move(group),
                commit = std::move(split.commit)](auto done) mutable {
    groups.CommitOffsets(group, std::move(commit), std::move(done));
  };
  const std::vector<ErrorCode> codes =
      co_await AwaitCallback<std::vector<ErrorCode>>(std::move(start));
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const SplitCommit::Slot& slot = split.slots[i];
    split.response.topics[slot.topic].partitions[slot.partition].error_code = ToWire(codes[i]);
  }
  co_return std::move(split.response);
}

}  // namespace gneiss::server
