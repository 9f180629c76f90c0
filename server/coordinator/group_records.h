// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "protocol/base/result.h"
#include "protocol/base/shared_bytes.h"
#include "server/coordinator/consumer_group_records.h"
#include "server/coordinator/coordinator_record.h"
#include "server/coordinator/group_snapshot.h"
#include "server/coordinator/offset_store.h"

namespace gneiss::server {

// The records of __consumer_offsets, in Kafka's formats and in the versions that Kafka 4.3 writes:
// those of offsets and classic groups, and one parser for all of them.

// kMalformed for names or metadata longer than the format can hold (32767 bytes).
Result<CoordinatorRecord> GroupRecord(const std::string& group, const GroupSnapshot& snapshot);
Result<CoordinatorRecord> GroupTombstone(const std::string& group);
Result<CoordinatorRecord> OffsetRecord(const std::string& group, const TopicPartition& tp,
                                       const CommittedOffset& offset);
Result<CoordinatorRecord> OffsetTombstone(const std::string& group, const TopicPartition& tp);

// A record as it is read back; without a value it is a tombstone.
struct StoredGroup {
  std::string group;
  std::optional<GroupSnapshot> snapshot;
};
struct StoredOffset {
  std::string group;
  TopicPartition tp;
  std::optional<CommittedOffset> offset;
};
// Of a kind that this broker does not serve: share and streams groups.
struct ForeignRecord {
  std::int16_t type = 0;
};
using StoredRecord = std::variant<StoredGroup, StoredOffset, StoredConsumerRecord, ForeignRecord>;

// kMalformed if key or value break their format, kUnsupportedVersion for a value newer than known.
Result<StoredRecord> ParseRecord(std::span<const std::byte> key,
                                 std::optional<std::span<const std::byte>> value);

}  // namespace gneiss::server
