// SPDX-License-Identifier: Apache-2.0
#include "server/metadata/reassignments.h"

#include <memory>
#include <optional>
#include <string>

#include "server/metadata/plan.h"
#include "server/metadata/replica_placement.h"

namespace gneiss::server {
namespace {

using Request = protocol::AlterPartitionReassignmentsRequest;
using Response = protocol::AlterPartitionReassignmentsResponse;

// Why one partition is not reassigned; none when it is where it is wanted.
std::optional<Refusal> Check(const MetadataImage& image, const Request& request,
                             const std::string& topic,
                             const Request::ReassignablePartition& wanted) {
  if (request.timeout_ms <= 0) return Refusal{ErrorCode::kRequestTimedOut, "No time was given."};
  const std::shared_ptr<const TopicImage> found = image.FindTopic(topic);
  if (found == nullptr) {
    return Refusal{ErrorCode::kUnknownTopicOrPartition, "There is no topic " + topic + "."};
  }
  const auto index = static_cast<std::size_t>(wanted.partition_index);  // negative: very large
  if (index >= found->partitions.size()) {
    return Refusal{
        ErrorCode::kUnknownTopicOrPartition,
        "There is no partition " + topic + "-" + std::to_string(wanted.partition_index) + "."};
  }
  if (!wanted.replicas) {  // null: cancel
    return Refusal{ErrorCode::kNoReassignmentInProgress, "The partition is not being reassigned."};
  }
  return CheckAssignment(image, *wanted.replicas, std::nullopt);
}

}  // namespace

Response AnswerAlterReassignments(const MetadataImage& image, const Request& request) {
  Response response;
  response.allow_replication_factor_change = request.allow_replication_factor_change;
  response.error_message = std::nullopt;
  if (request.timeout_ms <= 0) response.error_code = ToWire(ErrorCode::kRequestTimedOut);
  for (const auto& topic : request.topics) {
    auto& answered = response.responses.emplace_back();
    answered.name = topic.name;
    for (const auto& partition : topic.partitions) {
      auto& result = answered.partitions.emplace_back();
      result.partition_index = partition.partition_index;
      result.error_message = std::nullopt;
      if (std::optional<Refusal> refusal = Check(image, request, topic.name, partition)) {
        Refuse(result, std::move(*refusal));
      }
    }
  }
  return response;
}

protocol::ListPartitionReassignmentsResponse AnswerListReassignments() {
  protocol::ListPartitionReassignmentsResponse response;
  response.error_message = std::nullopt;
  return response;
}

}  // namespace gneiss::server
