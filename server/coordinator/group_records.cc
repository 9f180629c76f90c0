// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/group_records.h"

#include <utility>

#include "protocol/messages/group/group_metadata.h"
#include "protocol/messages/group/legacy_offset_commit.h"
#include "protocol/messages/group/offset_commit.h"
#include "protocol/wire/reader.h"

namespace gneiss::server {
namespace {

using protocol::GroupMetadataKey;
using protocol::GroupMetadataValue;
using protocol::LegacyOffsetCommitKey;
using protocol::OffsetCommitKey;
using protocol::OffsetCommitValue;

// ON DISK: what Kafka 4.3 writes.
constexpr std::int16_t kGroupVersion = 3;
constexpr std::int16_t kOffsetVersion = 4;
constexpr std::int16_t kExpiringOffsetVersion = 1;  // the only one with an expire timestamp

GroupMetadataValue::MemberMetadata ToValue(const MemberSnapshot& member) {
  return {.member_id = member.identity.member_id,
          .group_instance_id = member.identity.instance_id,
          .client_id = member.client_id,
          .client_host = member.client_host,
          .rebalance_timeout = static_cast<std::int32_t>(member.rebalance_timeout.count()),
          .session_timeout = static_cast<std::int32_t>(member.session_timeout.count()),
          .subscription = member.subscription,
          .assignment = member.assignment};
}

MemberSnapshot FromValue(GroupMetadataValue::MemberMetadata member) {
  // Version 0 has no rebalance timeout: the session's served for both.
  const std::int32_t rebalance =
      member.rebalance_timeout < 0 ? member.session_timeout : member.rebalance_timeout;
  return {.identity = {std::move(member.member_id), std::move(member.group_instance_id)},
          .client_id = std::move(member.client_id),
          .client_host = std::move(member.client_host),
          .rebalance_timeout = std::chrono::milliseconds(rebalance),
          .session_timeout = std::chrono::milliseconds(member.session_timeout),
          .subscription = std::move(member.subscription),
          .assignment = std::move(member.assignment)};
}

GroupSnapshot FromValue(GroupMetadataValue value) {
  GroupSnapshot snapshot;
  snapshot.protocol_type = std::move(value.protocol_type);
  snapshot.generation = value.generation;
  snapshot.protocol = std::move(value.protocol);
  snapshot.leader = std::move(value.leader);
  snapshot.state_since = value.current_state_timestamp;
  for (auto& member : value.members) snapshot.members.push_back(FromValue(std::move(member)));
  return snapshot;
}

CommittedOffset FromValue(OffsetCommitValue value) {
  return {.offset = Offset(value.offset),
          .leader_epoch = LeaderEpoch(value.leader_epoch),
          .metadata = std::move(value.metadata),
          .commit_time = value.commit_timestamp,
          .expire_time = value.expire_timestamp,
          .topic_id = value.topic_id};
}

template <class Key>
Result<StoredRecord> ParseOffset(wire::Reader& in,
                                 std::optional<std::span<const std::byte>> value) {
  GNEISS_ASSIGN_OR_RETURN(Key key, Key::Decode(in, kCoordinatorKeyVersion));
  StoredOffset stored{.group = std::move(key.group),
                      .tp = {std::move(key.topic), PartitionId(key.partition)},
                      .offset = std::nullopt};
  if (value) {
    GNEISS_ASSIGN_OR_RETURN(OffsetCommitValue fields,
                            DecodeCoordinatorValue<OffsetCommitValue>(*value));
    stored.offset = FromValue(std::move(fields));
  }
  return stored;
}

Result<StoredRecord> ParseGroup(wire::Reader& in, std::optional<std::span<const std::byte>> value) {
  GNEISS_ASSIGN_OR_RETURN(GroupMetadataKey key,
                          GroupMetadataKey::Decode(in, kCoordinatorKeyVersion));
  StoredGroup stored{.group = std::move(key.group), .snapshot = std::nullopt};
  if (value) {
    GNEISS_ASSIGN_OR_RETURN(GroupMetadataValue fields,
                            DecodeCoordinatorValue<GroupMetadataValue>(*value));
    stored.snapshot = FromValue(std::move(fields));
  }
  return stored;
}

OffsetCommitKey OffsetKey(const std::string& group, const TopicPartition& tp) {
  return {.group = group, .topic = tp.topic, .partition = tp.partition.value()};
}

}  // namespace

Result<CoordinatorRecord> GroupTombstone(const std::string& group) {
  return EncodeTombstone(GroupMetadataKey{.group = group});
}

Result<CoordinatorRecord> GroupRecord(const std::string& group, const GroupSnapshot& snapshot) {
  GroupMetadataValue value;
  value.protocol_type = snapshot.protocol_type;
  value.generation = snapshot.generation;
  value.protocol = snapshot.protocol;
  value.leader = snapshot.leader;
  value.current_state_timestamp = snapshot.state_since;
  for (const MemberSnapshot& member : snapshot.members) value.members.push_back(ToValue(member));
  return EncodeRecord(GroupMetadataKey{.group = group}, value, kGroupVersion);
}

Result<CoordinatorRecord> OffsetTombstone(const std::string& group, const TopicPartition& tp) {
  return EncodeTombstone(OffsetKey(group, tp));
}

Result<CoordinatorRecord> OffsetRecord(const std::string& group, const TopicPartition& tp,
                                       const CommittedOffset& offset) {
  OffsetCommitValue value;
  value.offset = offset.offset.value();
  value.leader_epoch = offset.leader_epoch.value();
  value.metadata = offset.metadata;
  value.commit_timestamp = offset.commit_time;
  value.expire_timestamp = offset.expire_time;
  value.topic_id = offset.topic_id;
  const std::int16_t version =
      offset.expire_time == kNoTimestamp ? kOffsetVersion : kExpiringOffsetVersion;
  return EncodeRecord(OffsetKey(group, tp), value, version);
}

Result<StoredRecord> ParseRecord(std::span<const std::byte> key,
                                 std::optional<std::span<const std::byte>> value) {
  wire::Reader in(key);
  const std::int16_t type = in.ReadInt16();
  GNEISS_RETURN_IF_ERROR(in.status());
  switch (type) {
    case LegacyOffsetCommitKey::kRecordKey:
      return ParseOffset<LegacyOffsetCommitKey>(in, value);
    case OffsetCommitKey::kRecordKey:
      return ParseOffset<OffsetCommitKey>(in, value);
    case GroupMetadataKey::kRecordKey:
      return ParseGroup(in, value);
    default:
      if (IsConsumerGroupRecord(type)) {
        GNEISS_ASSIGN_OR_RETURN(StoredConsumerRecord record, ParseConsumerRecord(type, in, value));
        return record;
      }
      return ForeignRecord{.type = type};
  }
}

}  // namespace gneiss::server
