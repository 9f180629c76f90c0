// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "protocol/error_codes.h"
#include "protocol/messages/create_topics.h"
#include "protocol/messages/metadata.h"
#include "server/config/topic_config.h"
#include "server/testing/raw_client.h"

namespace gneiss::server::testing {

// Requests about topics that many tests begin with. What fails throws, with the broker's message.

inline protocol::CreateTopicsRequest::CreatableTopic NewTopic(const std::string& name,
                                                              std::int32_t partitions = 1,
                                                              const ConfigMap& configs = {}) {
  protocol::CreateTopicsRequest::CreatableTopic topic;
  topic.name = name;
  topic.num_partitions = partitions;
  topic.replication_factor = 1;
  for (const auto& [key, value] : configs) topic.configs.push_back({key, value});
  return topic;
}

// Returns the new topic's id.
inline Uuid CreateTopic(RawClient& client, const std::string& name, std::int32_t partitions = 1,
                        const ConfigMap& configs = {}) {
  protocol::CreateTopicsRequest request;
  request.topics = {NewTopic(name, partitions, configs)};
  const auto response =
      client.Call<protocol::CreateTopicsRequest, protocol::CreateTopicsResponse>(request, 7);
  const auto& result = response.topics.at(0);
  if (result.error_code != 0) {
    throw std::runtime_error("CreateTopic " + name + ": " + result.error_message.value_or("") +
                             " (error " + std::to_string(result.error_code) + ")");
  }
  return result.topic_id;
}

inline protocol::MetadataRequest::MetadataRequestTopic ByName(const std::string& name) {
  protocol::MetadataRequest::MetadataRequestTopic topic;
  topic.name = name;
  return topic;
}

inline protocol::MetadataRequest::MetadataRequestTopic ById(const Uuid& id) {
  protocol::MetadataRequest::MetadataRequestTopic topic;
  topic.name = std::nullopt;
  topic.topic_id = id;
  return topic;
}

// Metadata of these topics; none of them is created on the way.
inline protocol::MetadataResponse Metadata(
    RawClient& client, std::vector<protocol::MetadataRequest::MetadataRequestTopic> topics,
    std::int16_t version = 13) {
  protocol::MetadataRequest request;
  request.topics = std::move(topics);
  request.allow_auto_topic_creation = version < 4;  // which cannot say no
  return client.Call<protocol::MetadataRequest, protocol::MetadataResponse>(request, version);
}

}  // namespace gneiss::server::testing
