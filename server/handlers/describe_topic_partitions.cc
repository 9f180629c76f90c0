// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/describe_topic_partitions.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "protocol/error_codes.h"
#include "server/broker.h"
#include "server/handlers/authorized_operations.h"
#include "server/metadata/metadata_image.h"
#include "server/metadata/metadata_source.h"
#include "server/metadata/topic_name.h"

namespace gneiss::server {
namespace {

using protocol::ErrorCode;
using Request = protocol::DescribeTopicPartitionsRequest;
using Response = protocol::DescribeTopicPartitionsResponse;
using TopicPage = Response::DescribeTopicPartitionsResponseTopic;

std::vector<std::int32_t> Ids(const std::vector<BrokerId>& brokers) {
  std::vector<std::int32_t> ids;
  ids.reserve(brokers.size());
  for (const BrokerId broker : brokers) ids.push_back(broker.value());
  return ids;
}

// The names that the pages go through, in order, from the cursor's on.
std::set<std::string> NamesFromCursor(const MetadataImage& image, const Request& request) {
  const std::string first = request.cursor ? request.cursor->topic_name : std::string();
  std::set<std::string> names;
  if (request.topics.empty()) {
    for (auto at = image.topics().lower_bound(first); at != image.topics().end(); ++at) {
      names.insert(names.end(), at->first);
    }
    return names;
  }
  for (const Request::TopicRequest& topic : request.topics) {
    if (topic.name >= first) names.insert(topic.name);
  }
  return names;
}

// A cursor must point into what is asked for.
bool IsCursorValid(const Request& request, const std::set<std::string>& names) {
  if (!request.cursor) return true;
  if (request.cursor->partition_index < 0) return false;
  return request.topics.empty() || names.contains(request.cursor->topic_name);
}

Response Refused(const Request& request) {
  Response response;
  for (const Request::TopicRequest& topic : request.topics) {
    TopicPage& page = response.topics.emplace_back();
    page.name = topic.name;
    page.error_code = ToWire(ErrorCode::kInvalidRequest);
  }
  return response;
}

TopicPage UnknownTopic(const std::string& name) {
  TopicPage page;
  page.name = name;
  page.error_code = ToWire(CheckTopicName(name) ? ErrorCode::kUnknownTopicOrPartition
                                                : ErrorCode::kInvalidTopicException);
  page.is_internal = IsInternalTopic(name);
  page.topic_authorized_operations = kAllTopicOperations;
  return page;
}

// The topic's partitions [from, end), as far as they exist.
TopicPage DescribeRange(const TopicImage& topic, std::size_t from, std::size_t end) {
  TopicPage page;
  page.name = topic.name;
  page.topic_id = topic.id;
  page.is_internal = IsInternalTopic(topic.name);
  page.topic_authorized_operations = kAllTopicOperations;
  for (std::size_t i = from; i < std::min(end, topic.partitions.size()); ++i) {
    const PartitionImage& partition = topic.partitions[i];
    auto& described = page.partitions.emplace_back();
    described.partition_index = static_cast<std::int32_t>(i);
    if (partition.leader.value() < 0) described.error_code = ToWire(ErrorCode::kLeaderNotAvailable);
    described.leader_id = partition.leader.value();
    described.leader_epoch = partition.leader_epoch.value();
    described.replica_nodes = Ids(partition.replicas);
    described.isr_nodes = Ids(partition.isr);
    // Without the feature eligible.leader.replicas.version both are always empty.
    described.eligible_leader_replicas.emplace();
    described.last_known_elr.emplace();
  }
  return page;
}

Response DescribePage(const MetadataImage& image, const Request& request,
                      const std::set<std::string>& names, std::int32_t partitions_max) {
  Response response;
  const auto stop_at = [&response](const std::string& topic, std::size_t partition) {
    Response::Cursor cursor;
    cursor.topic_name = topic;
    cursor.partition_index = static_cast<std::int32_t>(partition);
    response.next_cursor = std::move(cursor);
  };
  auto room = static_cast<std::size_t>(partitions_max);
  for (const std::string& name : names) {
    if (room == 0) {
      stop_at(name, 0);
      break;
    }
    const std::shared_ptr<const TopicImage> topic = image.FindTopic(name);
    if (topic == nullptr) {
      response.topics.push_back(UnknownTopic(name));
      continue;
    }
    const bool at_cursor = request.cursor && request.cursor->topic_name == name;
    const std::size_t from =
        at_cursor ? static_cast<std::size_t>(request.cursor->partition_index) : 0;
    response.topics.push_back(DescribeRange(*topic, from, from + room));
    if (from + room < topic->partitions.size()) {
      stop_at(name, from + room);
      break;
    }
    room -= response.topics.back().partitions.size();
  }
  return response;
}

}  // namespace

boost::asio::awaitable<DescribeTopicPartitionsHandler::Response>
DescribeTopicPartitionsHandler::Handle(RequestContext& ctx, Request request) {
  const MetadataImagePtr image = ctx.broker().metadata().image();
  const std::set<std::string> names = NamesFromCursor(*image, request);
  if (!IsCursorValid(request, names)) co_return Refused(request);
  // Kafka's bounds: at least one partition, or a client would never get on.
  const std::int32_t partitions_max =
      std::max(1, std::min(request.response_partition_limit,
                           ctx.broker().config().max_request_partition_size_limit));
  co_return DescribePage(*image, request, names, partitions_max);
}

}  // namespace gneiss::server
