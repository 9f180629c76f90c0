// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/consumer_group_records.h"

#include <algorithm>
#include <utility>

#include "protocol/messages/group/consumer_group_current_member_assignment.h"
#include "protocol/messages/group/consumer_group_member_metadata.h"
#include "protocol/messages/group/consumer_group_metadata.h"
#include "protocol/messages/group/consumer_group_partition_metadata.h"
#include "protocol/messages/group/consumer_group_regular_expression.h"
#include "protocol/messages/group/consumer_group_target_assignment_member.h"
#include "protocol/messages/group/consumer_group_target_assignment_metadata.h"

namespace gneiss::server {
namespace {

using EpochKey = protocol::ConsumerGroupMetadataKey;
using EpochValue = protocol::ConsumerGroupMetadataValue;
using PartitionMetadataKey = protocol::ConsumerGroupPartitionMetadataKey;
using PartitionMetadataValue = protocol::ConsumerGroupPartitionMetadataValue;
using MemberKey = protocol::ConsumerGroupMemberMetadataKey;
using MemberValue = protocol::ConsumerGroupMemberMetadataValue;
using TargetEpochKey = protocol::ConsumerGroupTargetAssignmentMetadataKey;
using TargetEpochValue = protocol::ConsumerGroupTargetAssignmentMetadataValue;
using TargetKey = protocol::ConsumerGroupTargetAssignmentMemberKey;
using TargetValue = protocol::ConsumerGroupTargetAssignmentMemberValue;
using AssignmentKey = protocol::ConsumerGroupCurrentMemberAssignmentKey;
using AssignmentValue = protocol::ConsumerGroupCurrentMemberAssignmentValue;
using RegexKey = protocol::ConsumerGroupRegularExpressionKey;
using RegexValue = protocol::ConsumerGroupRegularExpressionValue;

constexpr std::int16_t kValueVersion = 0;  // ON DISK: what Kafka 4.3 writes of every kind

std::int32_t ToMilliseconds(std::chrono::milliseconds time) {
  return static_cast<std::int32_t>(time.count());
}

// --- values ---

ConsumerGroupEpoch FromValue(const EpochValue& value) {
  return {.epoch = value.epoch, .metadata_hash = value.metadata_hash};
}

MemberValue ToValue(const ConsumerMember& member) {
  MemberValue value;
  value.instance_id = member.instance_id;
  value.rack_id = member.rack_id;
  value.client_id = member.client_id;
  value.client_host = member.client_host;
  value.subscribed_topic_names = member.topic_names;
  value.subscribed_topic_regex = member.topic_regex;
  value.rebalance_timeout_ms = ToMilliseconds(member.rebalance_timeout);
  value.server_assignor = member.server_assignor;
  value.classic_member_metadata = std::nullopt;
  if (member.classic) {
    MemberValue::ClassicMemberMetadata classic;
    classic.session_timeout_ms = ToMilliseconds(member.classic->session_timeout);
    for (const GroupProtocol& protocol : member.classic->protocols) {
      classic.supported_protocols.push_back({.name = protocol.name, .metadata = protocol.metadata});
    }
    value.classic_member_metadata = std::move(classic);
  }
  return value;
}

ConsumerMember FromValue(MemberValue value) {
  ConsumerMember member;
  member.instance_id = std::move(value.instance_id);
  member.rack_id = std::move(value.rack_id);
  member.client_id = std::move(value.client_id);
  member.client_host = std::move(value.client_host);
  member.topic_names = std::move(value.subscribed_topic_names);
  member.topic_regex = std::move(value.subscribed_topic_regex).value_or("");
  member.rebalance_timeout = std::chrono::milliseconds(value.rebalance_timeout_ms);
  member.server_assignor = std::move(value.server_assignor);
  if (value.classic_member_metadata) {
    auto& classic = member.classic.emplace();
    classic.session_timeout =
        std::chrono::milliseconds(value.classic_member_metadata->session_timeout_ms);
    for (auto& protocol : value.classic_member_metadata->supported_protocols) {
      classic.protocols.push_back({std::move(protocol.name), std::move(protocol.metadata)});
    }
  }
  return member;
}

ConsumerTargetEpoch FromValue(const TargetEpochValue& value) {
  return {.epoch = value.assignment_epoch, .assigned_at = value.assignment_timestamp};
}

TargetValue ToValue(const PartitionsByTopic& target) {
  TargetValue value;
  for (const auto& [topic, partitions] : target) {
    value.topic_partitions.push_back({.topic_id = topic, .partitions = partitions});
  }
  return value;
}

// Brought into PartitionsByTopic's form: Kafka writes the order of its hash sets.
PartitionsByTopic FromValue(TargetValue value) {
  PartitionsByTopic target;
  for (auto& topic : value.topic_partitions) {
    if (topic.partitions.empty()) continue;
    std::ranges::sort(topic.partitions);
    const auto repeated = std::ranges::unique(topic.partitions);
    topic.partitions.erase(repeated.begin(), repeated.end());
    target[topic.topic_id] = std::move(topic.partitions);
  }
  return target;
}

std::vector<AssignmentValue::TopicPartitions> ToValue(const EpochsByTopic& epochs) {
  std::vector<AssignmentValue::TopicPartitions> value;
  for (const auto& [topic, partitions] : epochs) {
    auto& entry = value.emplace_back();
    entry.topic_id = topic;
    auto& written = entry.assignment_epochs.emplace();
    for (const auto& [partition, epoch] : partitions) {
      entry.partitions.push_back(partition);
      written.push_back(epoch);
    }
  }
  return value;
}

// Records of Kafka before 4.3 have no epochs: what is known then is that the member had the
// partitions in its present epoch.
Result<EpochsByTopic> FromValue(const std::vector<AssignmentValue::TopicPartitions>& topics,
                                std::int32_t member_epoch) {
  EpochsByTopic result;
  for (const auto& topic : topics) {
    const bool known = topic.assignment_epochs && !topic.assignment_epochs->empty();
    if (known && topic.assignment_epochs->size() != topic.partitions.size()) {
      return Fail(Errc::kMalformed, "as many assignment epochs as partitions are expected");
    }
    if (topic.partitions.empty()) continue;
    PartitionEpochs& epochs = result[topic.topic_id];
    for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
      epochs[topic.partitions[i]] = known ? (*topic.assignment_epochs)[i] : member_epoch;
    }
  }
  return result;
}

ConsumerMemberState ToState(std::int8_t stored) {
  switch (static_cast<ConsumerMemberState>(stored)) {
    case ConsumerMemberState::kStable:
    case ConsumerMemberState::kUnrevokedPartitions:
    case ConsumerMemberState::kUnreleasedPartitions:
    case ConsumerMemberState::kUnknown:
      return static_cast<ConsumerMemberState>(stored);
  }
  return ConsumerMemberState::kUnknown;
}

Result<ConsumerMemberAssignment> FromValue(const AssignmentValue& value) {
  ConsumerMemberAssignment current;
  current.member_epoch = value.member_epoch;
  current.previous_member_epoch = value.previous_member_epoch;
  current.state = ToState(value.state);
  GNEISS_ASSIGN_OR_RETURN(current.assigned,
                          FromValue(value.assigned_partitions, value.member_epoch));
  GNEISS_ASSIGN_OR_RETURN(current.pending_revocation,
                          FromValue(value.partitions_pending_revocation, value.member_epoch));
  return current;
}

ResolvedRegex FromValue(RegexValue value) {
  return {.topics = std::move(value.topics),
          .metadata_offset = value.version,
          .resolved_at = value.timestamp};
}

// --- reading ---

template <class Key>
Result<Key> DecodeKey(wire::Reader& in) {
  return Key::Decode(in, kCoordinatorKeyVersion);
}

// Fills `stored` from a value, unless the record is a tombstone.
template <class Value, class Fact>
Status ReadValue(std::optional<std::span<const std::byte>> bytes, std::optional<Fact>& stored) {
  if (!bytes) return {};
  GNEISS_ASSIGN_OR_RETURN(Value value, DecodeCoordinatorValue<Value>(*bytes));
  Result<Fact> fact = FromValue(std::move(value));
  if (!fact) return std::unexpected(std::move(fact.error()));
  stored = std::move(*fact);
  return {};
}

template <class Key, class Value, class Stored>
Result<StoredConsumerRecord> ParseOfGroup(wire::Reader& in,
                                          std::optional<std::span<const std::byte>> value) {
  GNEISS_ASSIGN_OR_RETURN(Key key, DecodeKey<Key>(in));
  Stored stored{.group = std::move(key.group_id), .value = std::nullopt};
  GNEISS_RETURN_IF_ERROR(ReadValue<Value>(value, stored.value));
  return stored;
}

template <class Key, class Value, class Stored>
Result<StoredConsumerRecord> ParseOfMember(wire::Reader& in,
                                           std::optional<std::span<const std::byte>> value) {
  GNEISS_ASSIGN_OR_RETURN(Key key, DecodeKey<Key>(in));
  Stored stored{
      .group = std::move(key.group_id), .member = std::move(key.member_id), .value = std::nullopt};
  GNEISS_RETURN_IF_ERROR(ReadValue<Value>(value, stored.value));
  return stored;
}

Result<StoredConsumerRecord> ParsePartitionMetadata(
    wire::Reader& in, std::optional<std::span<const std::byte>> value) {
  GNEISS_ASSIGN_OR_RETURN(PartitionMetadataKey key, DecodeKey<PartitionMetadataKey>(in));
  if (value) GNEISS_RETURN_IF_ERROR(DecodeCoordinatorValue<PartitionMetadataValue>(*value));
  return StoredConsumerPartitionMetadata{.group = std::move(key.group_id)};
}

Result<StoredConsumerRecord> ParseRegex(wire::Reader& in,
                                        std::optional<std::span<const std::byte>> value) {
  GNEISS_ASSIGN_OR_RETURN(RegexKey key, DecodeKey<RegexKey>(in));
  StoredConsumerRegex stored{.group = std::move(key.group_id),
                             .regex = std::move(key.regular_expression),
                             .value = std::nullopt};
  GNEISS_RETURN_IF_ERROR(ReadValue<RegexValue>(value, stored.value));
  return stored;
}

template <class Key>
Key OfMember(const std::string& group, const std::string& member) {
  return {.group_id = group, .member_id = member};
}

}  // namespace

Result<CoordinatorRecord> ConsumerEpochRecord(const std::string& group,
                                              const ConsumerGroupEpoch& epoch) {
  return EncodeRecord(EpochKey{.group_id = group},
                      EpochValue{.epoch = epoch.epoch, .metadata_hash = epoch.metadata_hash},
                      kValueVersion);
}

Result<CoordinatorRecord> ConsumerMemberRecord(const std::string& group, const std::string& member,
                                               const ConsumerMember& fields) {
  return EncodeRecord(OfMember<MemberKey>(group, member), ToValue(fields), kValueVersion);
}

Result<CoordinatorRecord> ConsumerTargetEpochRecord(const std::string& group,
                                                    const ConsumerTargetEpoch& target) {
  TargetEpochValue value;
  value.assignment_epoch = target.epoch;
  value.assignment_timestamp = target.assigned_at;
  return EncodeRecord(TargetEpochKey{.group_id = group}, value, kValueVersion);
}

Result<CoordinatorRecord> ConsumerMemberTargetRecord(const std::string& group,
                                                     const std::string& member,
                                                     const PartitionsByTopic& target) {
  return EncodeRecord(OfMember<TargetKey>(group, member), ToValue(target), kValueVersion);
}

Result<CoordinatorRecord> ConsumerMemberAssignmentRecord(const std::string& group,
                                                         const std::string& member,
                                                         const ConsumerMemberAssignment& current) {
  AssignmentValue value;
  value.member_epoch = current.member_epoch;
  value.previous_member_epoch = current.previous_member_epoch;
  value.state = static_cast<std::int8_t>(current.state);
  value.assigned_partitions = ToValue(current.assigned);
  value.partitions_pending_revocation = ToValue(current.pending_revocation);
  return EncodeRecord(OfMember<AssignmentKey>(group, member), value, kValueVersion);
}

Result<CoordinatorRecord> ConsumerRegexRecord(const std::string& group, const std::string& regex,
                                              const ResolvedRegex& resolved) {
  RegexValue value;
  value.topics = resolved.topics;
  value.version = resolved.metadata_offset;
  value.timestamp = resolved.resolved_at;
  return EncodeRecord(RegexKey{.group_id = group, .regular_expression = regex}, value,
                      kValueVersion);
}

Result<CoordinatorRecord> ConsumerEpochTombstone(const std::string& group) {
  return EncodeTombstone(EpochKey{.group_id = group});
}

Result<CoordinatorRecord> ConsumerPartitionMetadataTombstone(const std::string& group) {
  return EncodeTombstone(PartitionMetadataKey{.group_id = group});
}

Result<CoordinatorRecord> ConsumerMemberTombstone(const std::string& group,
                                                  const std::string& member) {
  return EncodeTombstone(OfMember<MemberKey>(group, member));
}

Result<CoordinatorRecord> ConsumerTargetEpochTombstone(const std::string& group) {
  return EncodeTombstone(TargetEpochKey{.group_id = group});
}

Result<CoordinatorRecord> ConsumerMemberTargetTombstone(const std::string& group,
                                                        const std::string& member) {
  return EncodeTombstone(OfMember<TargetKey>(group, member));
}

Result<CoordinatorRecord> ConsumerMemberAssignmentTombstone(const std::string& group,
                                                            const std::string& member) {
  return EncodeTombstone(OfMember<AssignmentKey>(group, member));
}

Result<CoordinatorRecord> ConsumerRegexTombstone(const std::string& group,
                                                 const std::string& regex) {
  return EncodeTombstone(RegexKey{.group_id = group, .regular_expression = regex});
}

bool IsConsumerGroupRecord(std::int16_t type) {
  return (type >= EpochKey::kRecordKey && type <= AssignmentKey::kRecordKey) ||
         type == RegexKey::kRecordKey;
}

Result<StoredConsumerRecord> ParseConsumerRecord(std::int16_t type, wire::Reader& key,
                                                 std::optional<std::span<const std::byte>> value) {
  switch (type) {
    case EpochKey::kRecordKey:
      return ParseOfGroup<EpochKey, EpochValue, StoredConsumerEpoch>(key, value);
    case PartitionMetadataKey::kRecordKey:
      return ParsePartitionMetadata(key, value);
    case MemberKey::kRecordKey:
      return ParseOfMember<MemberKey, MemberValue, StoredConsumerMember>(key, value);
    case TargetEpochKey::kRecordKey:
      return ParseOfGroup<TargetEpochKey, TargetEpochValue, StoredConsumerTargetEpoch>(key, value);
    case TargetKey::kRecordKey:
      return ParseOfMember<TargetKey, TargetValue, StoredConsumerMemberTarget>(key, value);
    case AssignmentKey::kRecordKey:
      return ParseOfMember<AssignmentKey, AssignmentValue, StoredConsumerMemberAssignment>(key,
                                                                                           value);
    case RegexKey::kRecordKey:
      return ParseRegex(key, value);
    default:
      return Fail(Errc::kUnsupportedVersion,
                  "no record of a consumer group: type " + std::to_string(type));
  }
}

}  // namespace gneiss::server
