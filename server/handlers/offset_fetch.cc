// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/offset_fetch.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/broker.h"
#include "server/coordinator/group_coordinator.h"
#include "server/dispatch/error_mapping.h"
#include "server/metadata/metadata_source.h"

namespace gneiss::server {

namespace asio = boost::asio;

namespace {

using Request = OffsetFetchHandler::Request;
using Response = OffsetFetchHandler::Response;
using AskedGroup = Request::OffsetFetchRequestGroup;
using AskedTopic = Request::OffsetFetchRequestTopics;
using AnsweredGroup = Response::OffsetFetchResponseGroup;
using AnsweredTopic = Response::OffsetFetchResponseTopics;
using AnsweredPartition = Response::OffsetFetchResponsePartitions;

AnsweredPartition NoOffset(std::int32_t partition, ErrorCode error = ErrorCode::kNone) {
  AnsweredPartition none;
  none.partition_index = partition;
  none.committed_offset = -1;
  none.error_code = ToWire(error);
  return none;
}

AnsweredPartition ToAnswer(PartitionId partition, CommittedOffset offset) {
  AnsweredPartition answer;
  answer.partition_index = partition.value();
  answer.committed_offset = offset.offset.value();
  answer.committed_leader_epoch = offset.leader_epoch.value();
  answer.metadata = std::move(offset.metadata);
  return answer;
}

// An offset belongs to the topic that had the name when it was committed.
bool BelongsTo(const CommittedOffset& offset, const TopicImage* topic) {
  return topic == nullptr || offset.topic_id.IsZero() || offset.topic_id == topic->id;
}

// GroupOffsetQuery answers what a request asks about one group.
class GroupOffsetQuery {
 public:
  GroupOffsetQuery(const RequestContext& ctx, const MetadataImage& image)
      : groups_(ctx.broker().groups()), image_(image), by_id_(ctx.version() >= 10) {}

  AnsweredGroup Ask(const AskedGroup& asked) const {
    AnsweredGroup answer;
    answer.group_id = asked.group_id;
    if (asked.topics) {
      AskForTopics(asked, *asked.topics, answer);
    } else {
      AskForAll(asked, answer);
    }
    return answer;
  }

 private:
  static OffsetReader ReaderOf(const AskedGroup& asked) {
    return {.member_id = asked.member_id, .member_epoch = asked.member_epoch};
  }

  void AskForTopics(const AskedGroup& group, const std::vector<AskedTopic>& topics,
                    AnsweredGroup& answer) const {
    for (const AskedTopic& asked : topics) {
      const std::shared_ptr<const TopicImage> topic =
          by_id_ ? image_.FindTopic(asked.topic_id) : image_.FindTopic(asked.name);
      AnsweredTopic& answered = answer.topics.emplace_back();
      answered.name = asked.name;
      answered.topic_id = asked.topic_id;
      if (by_id_ && topic == nullptr) {
        for (const std::int32_t partition : asked.partition_indexes) {
          answered.partitions.push_back(NoOffset(partition, ErrorCode::kUnknownTopicId));
        }
        continue;
      }
      const ErrorCode error = AskForTopic(group, asked, topic.get(), answered);
      if (error == ErrorCode::kNone) continue;
      answer.error_code = ToWire(error);
      answer.topics.clear();
      return;
    }
    if (!topics.empty()) return;
    answer.error_code = ToWire(groups_.FetchOffsets(group.group_id, {}, ReaderOf(group)).error);
  }

  ErrorCode AskForTopic(const AskedGroup& group, const AskedTopic& asked, const TopicImage* topic,
                        AnsweredTopic& answered) const {
    std::vector<TopicPartition> wanted;
    wanted.reserve(asked.partition_indexes.size());
    for (const std::int32_t partition : asked.partition_indexes) {
      wanted.push_back({topic != nullptr ? topic->name : asked.name, PartitionId(partition)});
    }
    FetchedOffsets fetched = groups_.FetchOffsets(group.group_id, wanted, ReaderOf(group));
    for (FetchedOffset& one : fetched.offsets) {
      const bool is_found = one.offset && BelongsTo(*one.offset, topic);
      answered.partitions.push_back(is_found ? ToAnswer(one.tp.partition, std::move(*one.offset))
                                             : NoOffset(one.tp.partition.value()));
    }
    return fetched.error;
  }

  void AskForAll(const AskedGroup& group, AnsweredGroup& answer) const {
    FetchedOffsets fetched = groups_.FetchAllOffsets(group.group_id, ReaderOf(group));
    answer.error_code = ToWire(fetched.error);
    std::string name;                             // of the topic that answer.topics.back() is about
    for (FetchedOffset& one : fetched.offsets) {  // by topic
      const std::shared_ptr<const TopicImage> topic = image_.FindTopic(one.tp.topic);
      if (!BelongsTo(*one.offset, topic.get()) || (by_id_ && topic == nullptr)) continue;
      if (answer.topics.empty() || name != one.tp.topic) {
        name = one.tp.topic;
        AnsweredTopic& answered = answer.topics.emplace_back();
        answered.name = name;
        if (topic != nullptr) answered.topic_id = topic->id;
      }
      answer.topics.back().partitions.push_back(ToAnswer(one.tp.partition, std::move(*one.offset)));
    }
  }

  const GroupCoordinator& groups_;
  const MetadataImage& image_;
  const bool by_id_;
};

// Versions below 8 ask about one group, in fields of their own.
AskedGroup OnlyGroup(Request request) {
  AskedGroup group;
  group.group_id = std::move(request.group_id);
  if (!request.topics) {
    group.topics = std::nullopt;
    return group;
  }
  for (auto& topic : *request.topics) {
    AskedTopic& asked = group.topics->emplace_back();
    asked.name = std::move(topic.name);
    asked.partition_indexes = std::move(topic.partition_indexes);
  }
  return group;
}

Response OnlyAnswer(AnsweredGroup group, const AskedGroup& asked, std::int16_t version) {
  Response response;
  // Version 1 has no field for an error of the group: its partitions carry it.
  if (version >= 2) {
    response.error_code = group.error_code;
  } else if (group.error_code != 0) {
    for (const AskedTopic& topic : *asked.topics) {
      AnsweredTopic& failed = group.topics.emplace_back();
      failed.name = topic.name;
      for (const std::int32_t partition : topic.partition_indexes) {
        failed.partitions.push_back(NoOffset(partition));
        failed.partitions.back().error_code = group.error_code;
      }
    }
  }
  for (AnsweredTopic& topic : group.topics) {
    auto& answered = response.topics.emplace_back();
    answered.name = std::move(topic.name);
    for (AnsweredPartition& partition : topic.partitions) {
      answered.partitions.push_back({.partition_index = partition.partition_index,
                                     .committed_offset = partition.committed_offset,
                                     .committed_leader_epoch = partition.committed_leader_epoch,
                                     .metadata = std::move(partition.metadata),
                                     .error_code = partition.error_code});
    }
  }
  return response;
}

}  // namespace

asio::awaitable<Response> OffsetFetchHandler::Handle(RequestContext& ctx, Request request) {
  const MetadataImagePtr image = ctx.broker().metadata().image();
  const GroupOffsetQuery query(ctx, *image);
  if (ctx.version() < 8) {
    const AskedGroup asked = OnlyGroup(std::move(request));
    co_return OnlyAnswer(query.Ask(asked), asked, ctx.version());
  }
  Response response;
  for (const AskedGroup& asked : request.groups) response.groups.push_back(query.Ask(asked));
  co_return response;
}

}  // namespace gneiss::server
