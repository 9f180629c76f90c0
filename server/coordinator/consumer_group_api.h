// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the consumer group protocol (KIP-848) says, free of versions and bytes: the handlers
// translate between these structs and the messages, the coordinator knows nothing else.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/coordinator/assignor/assignor.h"
#include "server/coordinator/group_api.h"

namespace gneiss::server {

// Member epochs with a meaning of their own.
inline constexpr std::int32_t kJoinEpoch = 0;
inline constexpr std::int32_t kLeaveEpoch = -1;
inline constexpr std::int32_t kStaticLeaveEpoch = -2;  // comes back under the same instance id

// A field without a value has not changed since the member last sent it.
struct ConsumerHeartbeatRequest {
  MemberIdentity identity;
  std::int32_t member_epoch = kJoinEpoch;
  std::string client_id;
  std::string client_host;
  std::optional<std::string> rack_id;
  std::optional<std::chrono::milliseconds> rebalance_timeout;
  std::optional<std::vector<std::string>> topic_names;
  std::optional<std::string> topic_regex;
  std::optional<std::string> server_assignor;
  std::optional<PartitionsByTopic> owned;  // what the member holds at present

  // Everything that a member has to say is in it: it joins, or has met an error.
  bool is_full() const { return rebalance_timeout && (topic_names || topic_regex) && owned; }
};

struct ConsumerHeartbeatResult {
  ErrorCode error = ErrorCode::kNone;
  std::optional<std::string> error_message;
  std::optional<std::string> member_id;
  std::int32_t member_epoch = 0;
  std::chrono::milliseconds heartbeat_interval{0};
  std::optional<PartitionsByTopic> assignment;  // none: unchanged since the last answer

  bool operator==(const ConsumerHeartbeatResult&) const = default;
};

struct DescribedConsumerMember {
  MemberIdentity identity;
  std::optional<std::string> rack_id;
  std::int32_t member_epoch = 0;
  std::string client_id;
  std::string client_host;
  std::vector<std::string> topic_names;
  std::string topic_regex;  // "": none
  PartitionsByTopic assigned;
  PartitionsByTopic target;
  bool speaks_classic = false;

  bool operator==(const DescribedConsumerMember&) const = default;
};

struct ConsumerGroupDescription {
  ErrorCode error = ErrorCode::kNone;
  std::optional<std::string> error_message;
  std::string state;
  std::int32_t group_epoch = 0;
  std::int32_t target_epoch = 0;
  std::string assignor;
  std::vector<DescribedConsumerMember> members;

  bool operator==(const ConsumerGroupDescription&) const = default;
};

}  // namespace gneiss::server
