// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <ostream>
#include <string>

#include "protocol/base/strong_int.h"

namespace gneiss {

using Offset = StrongInt<struct OffsetTag, std::int64_t>;  // position in one partition
using LeaderEpoch = StrongInt<struct LeaderEpochTag, std::int32_t>;
using PartitionId = StrongInt<struct PartitionIdTag, std::int32_t>;
using BrokerId = StrongInt<struct BrokerIdTag, std::int32_t>;
using ProducerId = StrongInt<struct ProducerIdTag, std::int64_t>;

inline constexpr LeaderEpoch kNoLeaderEpoch{-1};
inline constexpr ProducerId kNoProducerId{-1};
inline constexpr Offset kNoOffset{-1};

// Milliseconds since the Unix epoch, as record timestamps are; -1 means "none".
using TimestampMs = std::int64_t;
inline constexpr TimestampMs kNoTimestamp = -1;

struct TopicPartition {
  std::string topic;
  PartitionId partition;

  auto operator<=>(const TopicPartition&) const = default;
  // "orders-0": the name Kafka gives a partition's folder, and we its column family.
  std::string ToString() const { return topic + "-" + std::to_string(partition.value()); }
  friend std::ostream& operator<<(std::ostream& out, const TopicPartition& tp) {
    return out << tp.topic << '-' << tp.partition;
  }
};

}  // namespace gneiss

template <>
struct std::hash<gneiss::TopicPartition> {
  std::size_t operator()(const gneiss::TopicPartition& tp) const noexcept {
    return std::hash<std::string>()(tp.topic) * 31 +
           std::hash<std::int32_t>()(tp.partition.value());
  }
};
