// SPDX-License-Identifier: Apache-2.0
#include "server/metadata/create_topics_plan.h"

#include <algorithm>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "server/config/config_change.h"
#include "server/config/effective_config.h"
#include "server/metadata/replica_placement.h"
#include "server/metadata/topic_name.h"

namespace gneiss::server {
namespace {

using Creatable = protocol::CreateTopicsRequest::CreatableTopic;
using CreatedTopic = protocol::CreateTopicsResponse::CreatableTopicResult;
using CreatedConfig = protocol::CreateTopicsResponse::CreatableTopicConfigs;

constexpr std::int32_t kUseDefault = -1;  // partitions and replication factor
constexpr std::string_view kMetadataTopic = "__cluster_metadata";

template <class T>
using Checked = std::expected<T, Refusal>;

std::unexpected<Refusal> Reject(ErrorCode code, std::string message) {
  return std::unexpected(Refusal{code, std::move(message)});
}

// What a topic will be.
struct TopicDraft {
  std::vector<ReplicaList> replicas;  // index = partition
  ConfigMap configs;
  std::optional<TopicClone> clone;
};

// What the topic is to be a clone of, if of anything.
Checked<std::optional<TopicClone>> TakeClone(const MetadataImage& image, const ConfigMap& configs) {
  const auto source = configs.find(kCloneSourceConfig);
  if (source == configs.end()) {
    if (!configs.contains(kCloneAtConfig)) return std::nullopt;
    return Reject(ErrorCode::kInvalidConfig,
                  std::string(kCloneAtConfig) + " needs " + kCloneSourceConfig + ".");
  }
  const std::shared_ptr<const TopicImage> topic = image.FindTopic(source->second);
  if (topic == nullptr || IsInternalTopic(source->second)) {
    return Reject(ErrorCode::kInvalidConfig,
                  "There is no topic " + source->second + " that could be cloned.");
  }
  Result<engine::ClonePoint> at = ParseClonePoint(configs);
  if (!at) return Reject(ErrorCode::kInvalidConfig, std::move(at.error().detail));
  return TopicClone{.source = topic->name,
                    .source_id = topic->id,
                    .target = {},
                    .target_id = {},
                    .partitions = static_cast<std::int32_t>(topic->partitions.size()),
                    .at = *at};
}

// A clone has as many partitions as its source; who leaves that open gets them.
Checked<Creatable> WithPartitionsOf(const TopicClone& clone, Creatable topic) {
  const std::int32_t asked = topic.assignments.empty()
                                 ? topic.num_partitions
                                 : static_cast<std::int32_t>(topic.assignments.size());
  if (asked != kUseDefault && asked != clone.partitions) {
    return Reject(ErrorCode::kInvalidPartitions,
                  "A clone of " + clone.source + " has " + std::to_string(clone.partitions) +
                      " partitions as well, not " + std::to_string(asked) + ".");
  }
  if (topic.assignments.empty()) topic.num_partitions = clone.partitions;
  return topic;
}

std::optional<Refusal> CheckName(const MetadataImage& image, const std::string& name) {
  if (name == kMetadataTopic) {
    return Refusal{ErrorCode::kInvalidRequest, "The topic " + name + " is the broker's own."};
  }
  if (const Status legal = CheckTopicName(name); !legal) {
    return Refusal{ErrorCode::kInvalidTopicException, legal.error().detail};
  }
  if (image.FindTopic(name) != nullptr) {
    return Refusal{ErrorCode::kTopicAlreadyExists, "The topic " + name + " exists already."};
  }
  if (!HasCollisionChar(name)) return std::nullopt;
  for (const auto& [other, topic] : image.topics()) {
    if (TopicNamesCollide(name, other)) {
      return Refusal{ErrorCode::kInvalidTopicException,
                     "The topic name " + name + " collides with " + other +
                         ": '.' and '_' count as the same character."};
    }
  }
  return std::nullopt;
}

// Replicas by partition, as the client gave them.
Checked<std::vector<ReplicaList>> TakeAssignments(const MetadataImage& image,
                                                  const Creatable& topic) {
  if (topic.replication_factor != kUseDefault) {
    return Reject(ErrorCode::kInvalidRequest,
                  "With assignments the replication factor must be -1.");
  }
  if (topic.num_partitions != kUseDefault) {
    return Reject(ErrorCode::kInvalidRequest,
                  "With assignments the number of partitions must be -1.");
  }
  std::map<std::int32_t, const ReplicaList*> by_partition;
  std::optional<std::size_t> replication_factor;
  for (const auto& assignment : topic.assignments) {
    if (!by_partition.emplace(assignment.partition_index, &assignment.broker_ids).second) {
      return Reject(
          ErrorCode::kInvalidReplicaAssignment,
          "Partition " + std::to_string(assignment.partition_index) + " is assigned twice.");
    }
    if (std::optional<Refusal> refusal =
            CheckAssignment(image, assignment.broker_ids, replication_factor)) {
      return std::unexpected(std::move(*refusal));
    }
    replication_factor = assignment.broker_ids.size();
  }
  std::vector<ReplicaList> replicas;
  for (const auto& [partition, brokers] : by_partition) {
    if (partition != static_cast<std::int32_t>(replicas.size())) {
      return Reject(ErrorCode::kInvalidReplicaAssignment,
                    "The partitions of an assignment must be numbered from 0 without a gap.");
    }
    replicas.push_back(*brokers);
  }
  return replicas;
}

std::int32_t PartitionCount(const Creatable& topic, const BrokerConfig& config) {
  if (!topic.assignments.empty()) return static_cast<std::int32_t>(topic.assignments.size());
  return topic.num_partitions == kUseDefault ? config.num_partitions : topic.num_partitions;
}

Checked<std::vector<ReplicaList>> ChooseReplicas(const MetadataImage& image,
                                                 const BrokerConfig& config,
                                                 const Creatable& topic) {
  if (!topic.assignments.empty()) return TakeAssignments(image, topic);
  const std::int16_t replication_factor = topic.replication_factor == kUseDefault
                                              ? config.default_replication_factor
                                              : topic.replication_factor;
  if (replication_factor <= 0) {
    return Reject(ErrorCode::kInvalidReplicationFactor,
                  "The replication factor must be at least 1, or -1 for the default.");
  }
  const std::int32_t count = PartitionCount(topic, config);
  if (count <= 0) {
    return Reject(ErrorCode::kInvalidPartitions,
                  "The number of partitions must be at least 1, or -1 for the default.");
  }
  return PlaceReplicas(image, 0, count, replication_factor);
}

Checked<TopicDraft> DraftTopic(const MetadataImage& image, const BrokerConfig& config,
                               const Creatable& topic) {
  if (std::optional<Refusal> refusal = CheckName(image, topic.name)) {
    return std::unexpected(std::move(*refusal));
  }
  std::vector<NamedConfig> named;
  named.reserve(topic.configs.size());
  for (const auto& given : topic.configs) named.push_back({given.name, given.value});
  ConfigResult<ConfigMap> configs = ConfigsOfNewTopic(named);
  if (!configs) return Reject(configs.error().code, std::move(configs.error().message));

  Checked<std::optional<TopicClone>> clone = TakeClone(image, *configs);
  if (!clone) return std::unexpected(std::move(clone.error()));
  Checked<Creatable> counted =
      *clone ? WithPartitionsOf(**clone, topic) : Checked<Creatable>(topic);
  if (!counted) return std::unexpected(std::move(counted.error()));

  Checked<std::vector<ReplicaList>> replicas = ChooseReplicas(image, config, *counted);
  if (!replicas) return std::unexpected(std::move(replicas.error()));
  return TopicDraft{std::move(*replicas), std::move(*configs), std::move(*clone)};
}

void AppendRecords(const std::string& name, const Uuid& id, const TopicDraft& draft,
                   const PlanContext& context, std::vector<MetadataRecord>& records) {
  // Kafka's order: the topic, its configs, its partitions.
  protocol::TopicRecord topic;
  topic.name = name;
  topic.topic_id = id;
  records.emplace_back(std::move(topic));
  for (const auto& [key, value] : draft.configs) {
    protocol::ConfigRecord config;
    config.resource_type = static_cast<std::int8_t>(ConfigResourceType::kTopic);
    config.resource_name = name;
    config.name = key;
    config.value = value;
    records.emplace_back(std::move(config));
  }
  for (std::size_t p = 0; p < draft.replicas.size(); ++p) {
    records.emplace_back(
        NewPartition(id, static_cast<std::int32_t>(p), draft.replicas[p], context));
  }
}

// The fields that v5 (configs, counts) and v7 (id) added.
void DescribeCreated(const MetadataImage& image, const PlanContext& context, const Uuid& id,
                     const TopicDraft& draft, CreatedTopic& created) {
  created.error_message = std::nullopt;
  created.topic_id = id;
  created.num_partitions = static_cast<std::int32_t>(draft.replicas.size());
  created.replication_factor = static_cast<std::int16_t>(draft.replicas.front().size());
  std::vector<CreatedConfig> configs;
  for (ConfigEntry& entry : DescribeNewTopic(context.config, image, draft.configs)) {
    CreatedConfig& config = configs.emplace_back();
    config.name = std::move(entry.name);
    config.value = std::move(entry.value);
    config.read_only = entry.read_only;
    config.config_source = static_cast<std::int8_t>(entry.source);
    config.is_sensitive = entry.sensitive;
  }
  created.configs = std::move(configs);
}

// Names in the order of the request, with the number of times each occurs.
std::vector<std::pair<const Creatable*, int>> Distinct(const std::vector<Creatable>& topics) {
  std::map<std::string_view, std::size_t> index;
  std::vector<std::pair<const Creatable*, int>> distinct;
  for (const Creatable& topic : topics) {
    const auto [at, is_new] = index.emplace(topic.name, distinct.size());
    if (is_new) distinct.emplace_back(&topic, 0);
    ++distinct[at->second].second;
  }
  return distinct;
}

bool AsksForTooMany(const protocol::CreateTopicsRequest& request, const BrokerConfig& config) {
  std::size_t partitions = 0;
  for (const Creatable& topic : request.topics) {
    partitions += static_cast<std::size_t>(std::max(0, PartitionCount(topic, config)));
  }
  return partitions > kRecordsPerRequestMax;
}

void RefuseAll(Plan<protocol::CreateTopicsResponse>& plan) {
  plan.records.clear();
  for (CreatedTopic& topic : plan.response.topics) {
    const std::string name = std::move(topic.name);
    topic = CreatedTopic();
    topic.name = name;
    Refuse(topic, {ErrorCode::kPolicyViolation,
                   "The request asks for more partitions and configs "
                   "than one request may create."});
  }
}

}  // namespace

Plan<protocol::CreateTopicsResponse> PlanCreateTopics(
    const MetadataImage& image, const PlanContext& context,
    const protocol::CreateTopicsRequest& request) {
  Plan<protocol::CreateTopicsResponse> plan;
  bool too_many = AsksForTooMany(request, context.config);
  for (const auto& [topic, occurrences] : Distinct(request.topics)) {
    CreatedTopic& created = plan.response.topics.emplace_back();
    created.name = topic->name;
    if (occurrences > 1) {
      Refuse(created, {ErrorCode::kInvalidRequest, "The topic is named more than once."});
    } else if (request.timeout_ms <= 0) {
      // As Kafka does: nothing is tried.
      created.error_code = ToWire(ErrorCode::kRequestTimedOut);
      created.error_message = std::nullopt;
    } else if (!too_many) {
      Checked<TopicDraft> draft = DraftTopic(image, context.config, *topic);
      if (!draft) {
        Refuse(created, std::move(draft.error()));
        continue;
      }
      const Uuid id = Uuid::Random();
      DescribeCreated(image, context, id, *draft, created);
      const std::size_t first_record = plan.records.size();
      AppendRecords(topic->name, id, *draft, context, plan.records);
      if (draft->clone) {
        draft->clone->target = topic->name;
        draft->clone->target_id = id;
        plan.clones.push_back({.clone = std::move(*draft->clone),
                               .answer = plan.response.topics.size() - 1,
                               .first_record = first_record,
                               .record_count = plan.records.size() - first_record});
      }
      too_many = plan.records.size() > kRecordsPerRequestMax;
    }
  }
  if (too_many) RefuseAll(plan);
  if (too_many || request.validate_only) plan.clones.clear();
  if (request.validate_only) plan.records.clear();
  return plan;
}

}  // namespace gneiss::server
