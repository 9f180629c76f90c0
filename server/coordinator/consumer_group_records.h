// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/base/uuid.h"
#include "protocol/wire/reader.h"
#include "server/coordinator/assignor/assignor.h"
#include "server/coordinator/coordinator_record.h"
#include "server/coordinator/group_api.h"

namespace gneiss::server {

// What __consumer_offsets keeps of the groups of the new protocol (KIP-848), one fact to a record,
// in Kafka's formats and in the versions that Kafka 4.3 writes.

struct ConsumerGroupEpoch {
  std::int32_t epoch = 0;
  std::int64_t metadata_hash = 0;  // of the topics subscribed to; 0 without any

  bool operator==(const ConsumerGroupEpoch&) const = default;
};

// A member that speaks the classic protocol in a group of the new one.
struct ClassicMember {
  std::chrono::milliseconds session_timeout{0};
  std::vector<GroupProtocol> protocols;

  bool operator==(const ClassicMember&) const = default;
};

// What a member says about itself.
struct ConsumerMember {
  std::optional<std::string> instance_id;
  std::optional<std::string> rack_id;
  std::string client_id;
  std::string client_host;
  std::vector<std::string> topic_names;
  std::string topic_regex;  // "": none
  std::chrono::milliseconds rebalance_timeout{-1};
  std::optional<std::string> server_assignor;
  std::optional<ClassicMember> classic;

  bool operator==(const ConsumerMember&) const = default;
};

// The group epoch that the assignor last ran for, and when (0: an old record does not say).
struct ConsumerTargetEpoch {
  std::int32_t epoch = 0;
  TimestampMs assigned_at = 0;

  bool operator==(const ConsumerTargetEpoch&) const = default;
};

// ON DISK: never renumber.
enum class ConsumerMemberState : std::int8_t {
  kStable = 0,
  kUnrevokedPartitions = 1,   // waits for the member to give up partitions
  kUnreleasedPartitions = 2,  // waits for others to give up partitions
  kUnknown = 127,             // written by a newer broker
};

// Partition -> the member epoch at which it was assigned.
using PartitionEpochs = std::map<std::int32_t, std::int32_t>;
using EpochsByTopic = std::map<Uuid, PartitionEpochs>;

// How far a member has come on its way to the target.
struct ConsumerMemberAssignment {
  std::int32_t member_epoch = 0;
  std::int32_t previous_member_epoch = 0;
  ConsumerMemberState state = ConsumerMemberState::kStable;
  EpochsByTopic assigned;
  EpochsByTopic pending_revocation;

  bool operator==(const ConsumerMemberAssignment&) const = default;
};

// The topics that a regular expression stands for.
struct ResolvedRegex {
  std::vector<std::string> topics;   // ascending
  std::int64_t metadata_offset = 0;  // of the image that it was resolved with
  TimestampMs resolved_at = 0;

  bool operator==(const ResolvedRegex&) const = default;
};

// kMalformed for names longer than the format can hold (32767 bytes in a key).
Result<CoordinatorRecord> ConsumerEpochRecord(const std::string& group,
                                              const ConsumerGroupEpoch& epoch);
Result<CoordinatorRecord> ConsumerMemberRecord(const std::string& group, const std::string& member,
                                               const ConsumerMember& fields);
Result<CoordinatorRecord> ConsumerTargetEpochRecord(const std::string& group,
                                                    const ConsumerTargetEpoch& target);
Result<CoordinatorRecord> ConsumerMemberTargetRecord(const std::string& group,
                                                     const std::string& member,
                                                     const PartitionsByTopic& target);
Result<CoordinatorRecord> ConsumerMemberAssignmentRecord(const std::string& group,
                                                         const std::string& member,
                                                         const ConsumerMemberAssignment& current);
Result<CoordinatorRecord> ConsumerRegexRecord(const std::string& group, const std::string& regex,
                                              const ResolvedRegex& resolved);

Result<CoordinatorRecord> ConsumerEpochTombstone(const std::string& group);
// Kafka before 4.1 kept the topics' partition counts, which the metadata hash has replaced. Only
// its tombstone is written, with those of a deleted group.
Result<CoordinatorRecord> ConsumerPartitionMetadataTombstone(const std::string& group);
Result<CoordinatorRecord> ConsumerMemberTombstone(const std::string& group,
                                                  const std::string& member);
Result<CoordinatorRecord> ConsumerTargetEpochTombstone(const std::string& group);
Result<CoordinatorRecord> ConsumerMemberTargetTombstone(const std::string& group,
                                                        const std::string& member);
Result<CoordinatorRecord> ConsumerMemberAssignmentTombstone(const std::string& group,
                                                            const std::string& member);
Result<CoordinatorRecord> ConsumerRegexTombstone(const std::string& group,
                                                 const std::string& regex);

// Records as they are read back; without a value they are tombstones.
struct StoredConsumerEpoch {
  std::string group;
  std::optional<ConsumerGroupEpoch> value;
};
struct StoredConsumerPartitionMetadata {
  std::string group;
};
struct StoredConsumerMember {
  std::string group;
  std::string member;
  std::optional<ConsumerMember> value;
};
struct StoredConsumerTargetEpoch {
  std::string group;
  std::optional<ConsumerTargetEpoch> value;
};
struct StoredConsumerMemberTarget {
  std::string group;
  std::string member;
  std::optional<PartitionsByTopic> value;
};
struct StoredConsumerMemberAssignment {
  std::string group;
  std::string member;
  std::optional<ConsumerMemberAssignment> value;
};
struct StoredConsumerRegex {
  std::string group;
  std::string regex;
  std::optional<ResolvedRegex> value;
};
using StoredConsumerRecord =
    std::variant<StoredConsumerEpoch, StoredConsumerPartitionMetadata, StoredConsumerMember,
                 StoredConsumerTargetEpoch, StoredConsumerMemberTarget,
                 StoredConsumerMemberAssignment, StoredConsumerRegex>;

// Whether keys of this type are ParseConsumerRecord's.
bool IsConsumerGroupRecord(std::int16_t type);

// `key` stands behind the type. kMalformed if key or value break their format,
// kUnsupportedVersion for a value newer than known.
Result<StoredConsumerRecord> ParseConsumerRecord(std::int16_t type, wire::Reader& key,
                                                 std::optional<std::span<const std::byte>> value);

}  // namespace gneiss::server
