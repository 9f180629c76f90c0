// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/consumer_group_heartbeat.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "server/broker.h"
#include "server/coordinator/group_coordinator.h"
#include "server/dispatch/error_mapping.h"
#include "server/handlers/group_version.h"
#include "server/net/await_callback.h"

namespace gneiss::server {
namespace {

using Request = ConsumerGroupHeartbeatHandler::Request;
using Response = ConsumerGroupHeartbeatHandler::Response;

// A member's topics are in its record, and records have to fit into a batch of 1 MB.
constexpr std::size_t kSubscribedNamesBytesMax = std::size_t{256} << 10;

Response Refused(ErrorCode error, std::string message) {
  Response response;
  response.error_code = ToWire(error);
  response.error_message = std::move(message);
  return response;
}

// What is wrong with a first heartbeat, or null.
const char* WhyNoJoin(const Request& request) {
  if (request.rebalance_timeout_ms == -1) {
    return "RebalanceTimeoutMs must be provided in first request.";
  }
  if (!request.topic_partitions || !request.topic_partitions->empty()) {
    return "TopicPartitions must be empty when (re-)joining.";
  }
  if (!request.subscribed_topic_names && !request.subscribed_topic_regex) {
    return "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when "
           "(re-)joining.";
  }
  return nullptr;
}

bool NamesTooMuch(const Request& request) {
  std::size_t bytes = 0;
  if (request.subscribed_topic_names) {
    for (const std::string& name : *request.subscribed_topic_names) bytes += name.size();
  }
  return bytes > kSubscribedNamesBytesMax;
}

// What is wrong with the request, or null.
const char* WhyInvalid(const Request& request, std::int16_t version) {
  const bool may_lack_id = version == 0 && request.member_epoch == kJoinEpoch;
  if (request.member_id.empty() && !may_lack_id) return "MemberId can't be empty.";
  if (request.group_id.empty()) return "GroupId can't be empty.";
  if (request.instance_id == "") return "InstanceId can't be empty.";
  if (request.rack_id == "") return "RackId can't be empty.";
  if (NamesTooMuch(request)) return "SubscribedTopicNames is too long.";
  if (request.member_epoch < kStaticLeaveEpoch) return "MemberEpoch is invalid.";
  if (request.member_epoch == kStaticLeaveEpoch && !request.instance_id) {
    return "InstanceId can't be null.";
  }
  return request.member_epoch == kJoinEpoch ? WhyNoJoin(request) : nullptr;
}

PartitionsByTopic ToPartitions(const std::vector<Request::TopicPartitions>& topics) {
  PartitionsByTopic result;
  for (const auto& topic : topics) {
    std::vector<std::int32_t>& partitions = result[topic.topic_id];
    std::ranges::copy(topic.partitions, std::back_inserter(partitions));
    std::ranges::sort(partitions);
    const auto rest = std::ranges::unique(partitions);
    partitions.erase(rest.begin(), rest.end());
  }
  return result;
}

ConsumerHeartbeatRequest ToHeartbeat(const RequestContext& ctx, Request request) {
  ConsumerHeartbeatRequest heartbeat;
  if (request.member_id.empty()) request.member_id = Uuid::Random().ToString();
  heartbeat.identity = {std::move(request.member_id), std::move(request.instance_id)};
  heartbeat.member_epoch = request.member_epoch;
  heartbeat.client_id = ctx.client_id();
  heartbeat.client_host = ctx.connection().client_host;
  heartbeat.rack_id = std::move(request.rack_id);
  if (request.rebalance_timeout_ms != -1) {
    heartbeat.rebalance_timeout = std::chrono::milliseconds(request.rebalance_timeout_ms);
  }
  heartbeat.topic_names = std::move(request.subscribed_topic_names);
  heartbeat.topic_regex = std::move(request.subscribed_topic_regex);
  heartbeat.server_assignor = std::move(request.server_assignor);
  if (request.topic_partitions) heartbeat.owned = ToPartitions(*request.topic_partitions);
  return heartbeat;
}

Response ToResponse(ConsumerHeartbeatResult result) {
  Response response;
  response.error_code = ToWire(result.error);
  response.error_message = std::move(result.error_message);
  response.member_id = std::move(result.member_id);
  response.member_epoch = result.member_epoch;
  response.heartbeat_interval_ms = static_cast<std::int32_t>(result.heartbeat_interval.count());
  if (!result.assignment) return response;
  auto& assignment = response.assignment.emplace();
  for (auto& [topic, partitions] : *result.assignment) {
    assignment.topic_partitions.push_back({.topic_id = topic, .partitions = std::move(partitions)});
  }
  return response;
}

}  // namespace

boost::asio::awaitable<Response> ConsumerGroupHeartbeatHandler::Handle(RequestContext& ctx,
                                                                       Request request) {
  if (!HasConsumerProtocol(ctx)) {
    Response response;
    response.error_code = ToWire(ErrorCode::kUnsupportedVersion);
    co_return response;
  }
  const char* invalid = WhyInvalid(request, ctx.version());
  if (invalid != nullptr) co_return Refused(ErrorCode::kInvalidRequest, invalid);
  std::string group = std::move(request.group_id);
  ConsumerHeartbeatRequest heartbeat = ToHeartbeat(ctx, std::move(request));
  auto start = [&groups = ctx.broker().groups(), group = std::move(group),
                heartbeat = std::move(heartbeat)](auto done) mutable {
    groups.ConsumerHeartbeat(group, heartbeat, std::move(done));
  };
  ConsumerHeartbeatResult result =
      co_await AwaitCallback<ConsumerHeartbeatResult>(std::move(start));
  co_return ToResponse(std::move(result));
}

}  // namespace gneiss::server
