// SPDX-License-Identifier: Apache-2.0
#include "server/metadata/elections.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include "server/metadata/plan.h"

namespace gneiss::server {
namespace {

using Response = protocol::ElectLeadersResponse;

constexpr std::int8_t kPreferred = 0;
constexpr std::int8_t kUnclean = 1;

Refusal WhyNoElection(const MetadataImage& image, const std::string& topic,
                      std::int32_t partition) {
  const std::shared_ptr<const TopicImage> found = image.FindTopic(topic);
  if (found == nullptr) {
    return {ErrorCode::kUnknownTopicOrPartition, "There is no topic " + topic + "."};
  }
  if (partition < 0 || static_cast<std::size_t>(partition) >= found->partitions.size()) {
    return {ErrorCode::kUnknownTopicOrPartition,
            "There is no partition " + topic + "-" + std::to_string(partition) + "."};
  }
  return {ErrorCode::kElectionNotNeeded, "The partition is led as it should be."};
}

// The same refusal for the request and for each partition that it names.
Response RefuseAll(const protocol::ElectLeadersRequest& request, const Refusal& refusal) {
  Response response;
  response.error_code = ToWire(refusal.code);
  if (!request.topic_partitions) return response;
  for (const auto& asked : *request.topic_partitions) {
    auto& topic = response.replica_election_results.emplace_back();
    topic.topic = asked.topic;
    for (const std::int32_t partition : asked.partitions) {
      auto& result = topic.partition_result.emplace_back();
      result.partition_id = partition;
      Refuse(result, refusal);
    }
  }
  return response;
}

}  // namespace

Response AnswerElectLeaders(const MetadataImage& image,
                            const protocol::ElectLeadersRequest& request) {
  if (request.election_type != kPreferred && request.election_type != kUnclean) {
    return RefuseAll(request, {ErrorCode::kInvalidRequest, "The election type is unknown."});
  }
  if (request.timeout_ms <= 0) {  // as Kafka: nothing is tried
    return RefuseAll(request, {ErrorCode::kRequestTimedOut, "No time was given."});
  }
  Response response;
  if (!request.topic_partitions) {
    for (const auto& [name, topic] : image.topics()) {
      response.replica_election_results.emplace_back().topic = name;
    }
    return response;
  }
  for (const auto& asked : *request.topic_partitions) {
    auto& topic = response.replica_election_results.emplace_back();
    topic.topic = asked.topic;
    for (const std::int32_t partition : asked.partitions) {
      auto& result = topic.partition_result.emplace_back();
      result.partition_id = partition;
      Refuse(result, WhyNoElection(image, asked.topic, partition));
    }
  }
  return response;
}

}  // namespace gneiss::server
