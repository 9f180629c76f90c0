// SPDX-License-Identifier: Apache-2.0
#include "server/metadata/internal_topics.h"

#include <utility>

#include "protocol/error_codes.h"

namespace gneiss::server {

std::optional<protocol::CreateTopicsRequest::CreatableTopic> InternalTopic(
    const BrokerConfig& config, std::string_view name) {
  if (name != "__consumer_offsets") return std::nullopt;
  protocol::CreateTopicsRequest::CreatableTopic topic;
  topic.name = std::string(name);
  topic.num_partitions = config.offsets_topic_num_partitions;
  topic.replication_factor = 1;
  topic.configs = {{"cleanup.policy", "compact"},
                   {"compression.type", "producer"},
                   {"segment.bytes", std::to_string(config.offsets_topic_segment_bytes)}};
  return topic;
}

boost::asio::awaitable<Status> EnsureInternalTopic(Controller& controller,
                                                   const BrokerConfig& config, std::string name) {
  std::optional<protocol::CreateTopicsRequest::CreatableTopic> topic = InternalTopic(config, name);
  if (!topic) co_return Fail(Errc::kInvalidArgument, name + " is not an internal topic");
  protocol::CreateTopicsRequest request;
  request.topics.push_back(std::move(*topic));
  const protocol::CreateTopicsResponse response =
      co_await controller.CreateTopics(ControllerRequest{}, std::move(request));
  const auto& result = response.topics.at(0);
  // Somebody else was faster: as good.
  const bool exists = result.error_code == ToWire(protocol::ErrorCode::kNone) ||
                      result.error_code == ToWire(protocol::ErrorCode::kTopicAlreadyExists);
  if (exists) co_return Status();
  co_return Fail(Errc::kInternal,
                 name + " could not be made: " + result.error_message.value_or(""));
}

}  // namespace gneiss::server
