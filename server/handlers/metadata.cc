// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/metadata.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <glog/logging.h>

#include "protocol/error_codes.h"
#include "server/broker.h"
#include "server/handlers/authorized_operations.h"
#include "server/metadata/controller.h"
#include "server/metadata/internal_topics.h"
#include "server/metadata/metadata_image.h"
#include "server/metadata/metadata_source.h"
#include "server/metadata/topic_name.h"

namespace gneiss::server {
namespace {

using protocol::ErrorCode;
using Request = protocol::MetadataRequest;
using Response = protocol::MetadataResponse;
using TopicAnswer = Response::MetadataResponseTopic;

constexpr std::int16_t kFirstVersionWithNullForAll = 1;
constexpr std::int16_t kFirstVersionByTopicId = 12;

// The whole request is refused when it names a topic in a way that its version does not know.
ErrorCode CheckRequest(const Request& request, std::int16_t version) {
  if (!request.topics) return ErrorCode::kNone;
  for (const auto& topic : *request.topics) {
    const bool by_name = topic.name && topic.topic_id.IsZero();
    if (version < kFirstVersionByTopicId && !by_name) return ErrorCode::kInvalidRequest;
    // Kafka trips over these; its answer is its code for that.
    if (!topic.name && topic.topic_id.IsZero()) return ErrorCode::kUnknownServerError;
  }
  return ErrorCode::kNone;
}

Response Refused(const Request& request, ErrorCode code) {
  Response response;
  response.error_code = ToWire(code);
  for (const auto& topic : *request.topics) {
    TopicAnswer& answer = response.topics.emplace_back();
    answer.name = topic.name.value_or("");
    answer.topic_id = topic.topic_id;
    answer.error_code = ToWire(code);
  }
  return response;
}

// MetadataAnswer fills a response's topics from one image.
class MetadataAnswer {
 public:
  MetadataAnswer(const MetadataImage& image, const Request& request, Response& response)
      : image_(image),
        operations_(request.include_topic_authorized_operations
                        ? kAllTopicOperations
                        : TopicAnswer().topic_authorized_operations),
        response_(response) {}

  void AddAll() {
    response_.topics.reserve(image_.topics().size());
    for (const auto& [name, topic] : image_.topics()) Add(*topic);
  }

  // Topics by id; entries with a name only are passed over, as Kafka does when there is any id.
  void AddByIds(const std::vector<Request::MetadataRequestTopic>& topics) {
    std::unordered_set<Uuid> seen;
    for (const auto& topic : topics) {
      if (topic.topic_id.IsZero() || !seen.insert(topic.topic_id).second) continue;
      if (const std::shared_ptr<const TopicImage> found = image_.FindTopic(topic.topic_id)) {
        Add(*found);
      } else {
        TopicAnswer& answer = AddError(ErrorCode::kUnknownTopicId);
        answer.name = std::nullopt;
        answer.topic_id = topic.topic_id;
      }
    }
  }

  // Topics by name. Returns the names that are legal but unknown.
  std::vector<std::string> AddByNames(const std::vector<Request::MetadataRequestTopic>& topics) {
    std::vector<std::string> unknown;
    std::unordered_set<std::string_view> seen;
    for (const auto& topic : topics) {
      if (!seen.insert(*topic.name).second) continue;
      if (const std::shared_ptr<const TopicImage> found = image_.FindTopic(*topic.name)) {
        Add(*found);
        continue;
      }
      const bool legal = CheckTopicName(*topic.name).has_value();
      TopicAnswer& answer =
          AddError(legal ? ErrorCode::kUnknownTopicOrPartition : ErrorCode::kInvalidTopicException);
      answer.name = topic.name;
      answer.is_internal = IsInternalTopic(*topic.name);
      if (legal) unknown.push_back(*topic.name);
    }
    return unknown;
  }

 private:
  TopicAnswer& AddError(ErrorCode code) {
    TopicAnswer& answer = response_.topics.emplace_back();
    answer.error_code = ToWire(code);
    answer.topic_authorized_operations = operations_;
    return answer;
  }

  void Add(const TopicImage& topic) {
    TopicAnswer& answer = response_.topics.emplace_back();
    answer.name = topic.name;
    answer.topic_id = topic.id;
    answer.is_internal = IsInternalTopic(topic.name);
    answer.topic_authorized_operations = operations_;
    answer.partitions.resize(topic.partitions.size());
    for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
      const PartitionImage& partition = topic.partitions[i];
      Response::MetadataResponsePartition& described = answer.partitions[i];
      described.partition_index = static_cast<std::int32_t>(i);
      if (partition.leader.value() < 0) {
        described.error_code = ToWire(ErrorCode::kLeaderNotAvailable);
      }
      described.leader_id = partition.leader.value();
      described.leader_epoch = partition.leader_epoch.value();
      AddIds(partition.replicas, described.replica_nodes);
      AddIds(partition.isr, described.isr_nodes);
    }
  }

  static void AddIds(const std::vector<BrokerId>& brokers, std::vector<std::int32_t>& ids) {
    ids.reserve(brokers.size());
    for (const BrokerId broker : brokers) ids.push_back(broker.value());
  }

  const MetadataImage& image_;
  const std::int32_t operations_;
  Response& response_;
};

// Everything but the topics.
Response DescribeCluster(const RequestContext& ctx, const Request& request) {
  const Broker& broker = ctx.broker();
  Response response;
  response.cluster_id = broker.cluster_id();
  response.controller_id = broker.config().node_id.value();
  auto& self = response.brokers.emplace_back();
  self.node_id = broker.config().node_id.value();
  self.host = ctx.connection().advertised.host;
  self.port = ctx.connection().advertised.port;
  self.rack = broker.config().rack;
  if (request.include_cluster_authorized_operations) {
    response.cluster_authorized_operations = kAllClusterOperations;
  }
  return response;
}

// Creates the topics, as far as their names allow. What goes wrong is not the client's to know: it
// has its answer, and will ask again.
boost::asio::awaitable<void> CreateUnknown(Broker& broker, std::vector<std::string> names) {
  protocol::CreateTopicsRequest request;
  for (std::string& name : names) {
    if (IsInternalTopic(name)) {
      if (auto topic = InternalTopic(broker.config(), name)) request.topics.push_back(*topic);
      continue;
    }
    auto& topic = request.topics.emplace_back();
    topic.name = std::move(name);
    topic.num_partitions = -1;  // the broker's defaults
    topic.replication_factor = -1;
  }
  if (request.topics.empty()) co_return;
  const protocol::CreateTopicsResponse response =
      co_await broker.controller().CreateTopics(ControllerRequest{}, std::move(request));
  for (const auto& topic : response.topics) {
    LOG_IF(INFO, topic.error_code == 0) << "created on demand topic=" << topic.name;
    VLOG_IF(1, topic.error_code != 0) << "not created on demand topic=" << topic.name
                                      << " error=" << topic.error_message.value_or("");
  }
}

}  // namespace

boost::asio::awaitable<MetadataHandler::Response> MetadataHandler::Handle(RequestContext& ctx,
                                                                          Request request) {
  const ErrorCode refusal = CheckRequest(request, ctx.version());
  if (refusal != ErrorCode::kNone) co_return Refused(request, refusal);

  const MetadataImagePtr image = ctx.broker().metadata().image();
  Response response = DescribeCluster(ctx, request);
  MetadataAnswer answer(*image, request, response);
  const bool wants_all =
      !request.topics || (request.topics->empty() && ctx.version() < kFirstVersionWithNullForAll);
  if (wants_all) {
    answer.AddAll();
    co_return response;
  }
  const bool by_ids = std::ranges::any_of(
      *request.topics, [](const auto& topic) { return !topic.topic_id.IsZero(); });
  if (by_ids) {
    answer.AddByIds(*request.topics);
    co_return response;
  }
  std::vector<std::string> unknown = answer.AddByNames(*request.topics);
  if (!unknown.empty() && request.allow_auto_topic_creation &&
      ctx.broker().config().auto_create_topics) {
    co_await CreateUnknown(ctx.broker(), std::move(unknown));
  }
  co_return response;
}

}  // namespace gneiss::server
