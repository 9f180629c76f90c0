// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/metadata_log.h"
#include "engine/partition_log.h"
#include "protocol/base/ids.h"
#include "protocol/base/uuid.h"

// What fault_scenario writes and fault_injection_test looks for: topics by a metadata of two kinds
// of records, and values that tell where they belong.
namespace gneiss::engine::testing {

inline constexpr int kFaultPartitions = 3;  // of each topic

// And one more, which is compacted: its records have few keys.
inline constexpr int kCleanedPartition = kFaultPartitions;
inline constexpr int kCleanedKeys = 3;

inline constexpr std::uint64_t kDiskReserveBytes = std::uint64_t{1} << 20;  // lives are many

// One partition each that waits for its fsyncs, that has them made, and of which all may expire;
// and the compacted one.
LogConfig FaultConfigOf(int partition);

struct FaultTopics {
  // What a topic was cloned of, and where each of its partitions ended then.
  struct Origin {
    Uuid source;
    std::vector<Offset> ends;
  };
  std::map<Uuid, std::string> live;  // id -> name
  std::set<Uuid> removed;
  std::map<Uuid, Origin> clones;  // live or removed

  // Whose record it is that a topic has at this offset.
  const Uuid& WriterOf(const Uuid& id, int partition, Offset offset) const;
};

std::string TopicRecord(const Uuid& id, const std::string& name);
std::string CloneRecord(const Uuid& id, const std::string& name, const FaultTopics::Origin& origin);
std::string RemovalRecord(const Uuid& id);

// The topics after all records of the metadata log. Dies at a record that it does not know.
FaultTopics ReplayTopics(MetadataLog& metadata);

// Also the record's key.
std::string CleanedValue(Offset offset);
std::string FaultValue(const Uuid& id, int partition, Offset offset);

}  // namespace gneiss::engine::testing
