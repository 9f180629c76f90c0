// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/coordinator/group_api.h"

namespace gneiss::server {

struct MemberSnapshot {
  MemberIdentity identity;
  std::string client_id;
  std::string client_host;
  std::chrono::milliseconds rebalance_timeout{0};
  std::chrono::milliseconds session_timeout{0};
  SharedBytes subscription;  // its metadata for the chosen protocol
  SharedBytes assignment;

  bool operator==(const MemberSnapshot&) const = default;
};

// What is kept of a classic group: one generation, as GroupMetadataValue has it. Without members it
// tells that the group is empty and since when.
struct GroupSnapshot {
  std::string protocol_type;  // "" before anybody has joined
  std::int32_t generation = 0;
  std::optional<std::string> protocol;
  std::optional<std::string> leader;
  TimestampMs state_since = kNoTimestamp;  // -1 in records of old brokers
  std::vector<MemberSnapshot> members;

  bool operator==(const GroupSnapshot&) const = default;
};

}  // namespace gneiss::server
