// SPDX-License-Identifier: Apache-2.0
#include "server/metadata/create_partitions_plan.h"

#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "server/metadata/replica_placement.h"

namespace gneiss::server {
namespace {

using Grown = protocol::CreatePartitionsRequest::CreatePartitionsTopic;
using GrownResult = protocol::CreatePartitionsResponse::CreatePartitionsTopicResult;

template <class T>
using Checked = std::expected<T, Refusal>;

std::unexpected<Refusal> Reject(ErrorCode code, std::string message) {
  return std::unexpected(Refusal{code, std::move(message)});
}

// How many partitions the topic is to get more.
Checked<std::int32_t> MissingPartitions(const TopicImage& topic, std::int32_t wanted) {
  const auto present = static_cast<std::int32_t>(topic.partitions.size());
  if (wanted <= present) {
    return Reject(ErrorCode::kInvalidPartitions, "The topic has " + std::to_string(present) +
                                                     " partitions; their number can only "
                                                     "grow.");
  }
  return wanted - present;
}

Checked<std::vector<ReplicaList>> ChooseReplicas(const MetadataImage& image,
                                                 const TopicImage& topic, const Grown& request,
                                                 std::int32_t missing) {
  const std::size_t replication_factor = topic.partitions.front().replicas.size();
  if (!request.assignments) {
    return PlaceReplicas(image, static_cast<std::int32_t>(topic.partitions.size()), missing,
                         static_cast<std::int16_t>(replication_factor));
  }
  if (request.assignments->size() != static_cast<std::size_t>(missing)) {
    return Reject(ErrorCode::kInvalidReplicaAssignment,
                  std::to_string(missing) + " new partitions need as many assignments, not " +
                      std::to_string(request.assignments->size()) + ".");
  }
  std::vector<ReplicaList> replicas;
  for (const auto& assignment : *request.assignments) {
    if (std::optional<Refusal> refusal =
            CheckAssignment(image, assignment.broker_ids, replication_factor)) {
      return std::unexpected(std::move(*refusal));
    }
    replicas.push_back(assignment.broker_ids);
  }
  return replicas;
}

// Appends the records of one topic's new partitions.
Checked<void> Grow(const MetadataImage& image, const PlanContext& context, const Grown& request,
                   std::vector<MetadataRecord>& records) {
  const std::shared_ptr<const TopicImage> topic = image.FindTopic(request.name);
  if (topic == nullptr) {
    return Reject(ErrorCode::kUnknownTopicOrPartition, "No such topic.");
  }
  Checked<std::int32_t> missing = MissingPartitions(*topic, request.count);
  if (!missing) return std::unexpected(std::move(missing.error()));
  if (records.size() + static_cast<std::size_t>(*missing) > kRecordsPerRequestMax) {
    return Reject(ErrorCode::kPolicyViolation,
                  "The request asks for more partitions than one request may create.");
  }
  Checked<std::vector<ReplicaList>> replicas = ChooseReplicas(image, *topic, request, *missing);
  if (!replicas) return std::unexpected(std::move(replicas.error()));
  for (std::size_t i = 0; i < replicas->size(); ++i) {
    const auto partition = static_cast<std::int32_t>(topic->partitions.size() + i);
    records.emplace_back(NewPartition(topic->id, partition, (*replicas)[i], context));
  }
  return {};
}

}  // namespace

Plan<protocol::CreatePartitionsResponse> PlanCreatePartitions(
    const MetadataImage& image, const PlanContext& context,
    const protocol::CreatePartitionsRequest& request) {
  Plan<protocol::CreatePartitionsResponse> plan;
  std::map<std::string_view, std::size_t> occurrences;
  for (const Grown& topic : request.topics) ++occurrences[topic.name];
  std::map<std::string_view, std::size_t> answered;
  for (const Grown& topic : request.topics) {
    if (request.timeout_ms > 0 && answered[topic.name]++ > 0) continue;
    GrownResult& result = plan.response.results.emplace_back();
    result.name = topic.name;
    if (request.timeout_ms <= 0) {  // as Kafka: nothing is tried
      result.error_code = ToWire(ErrorCode::kRequestTimedOut);
    } else if (occurrences[topic.name] > 1) {
      Refuse(result, {ErrorCode::kInvalidRequest, "The topic is named more than once."});
    } else if (Checked<void> grown = Grow(image, context, topic, plan.records); !grown) {
      Refuse(result, std::move(grown.error()));
    }
  }
  if (request.validate_only) plan.records.clear();
  return plan;
}

}  // namespace gneiss::server
