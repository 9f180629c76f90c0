// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the classic group protocol says, free of versions and bytes: the handlers translate between
// these structs and the messages, the coordinator knows nothing else.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/base/clock.h"
#include "protocol/base/ids.h"
#include "protocol/base/shared_bytes.h"
#include "protocol/base/strong_int.h"
#include "protocol/base/uuid.h"
#include "server/dispatch/error_mapping.h"

namespace gneiss::server {

// The protocol type of groups of consumers; only these tell the coordinator what they subscribe to.
inline constexpr char kConsumerProtocolType[] = "consumer";

// Both clocks at one moment: timeouts run on the steady one, records carry the wall's.
struct Instant {
  TimePoint steady;
  TimestampMs wall_ms = 0;
};

// A request that is parked until the group can answer it.
using WaiterId = StrongInt<struct WaiterIdTag, std::uint64_t>;

// One way of assigning partitions that a member knows, with what it says about itself for it.
// The bytes belong to the clients.
struct GroupProtocol {
  std::string name;
  SharedBytes metadata;

  bool operator==(const GroupProtocol&) const = default;
};

// Who calls. An empty member id is a member not known yet; an instance id makes it static
// (KIP-345).
struct MemberIdentity {
  std::string member_id;
  std::optional<std::string> instance_id;

  bool operator==(const MemberIdentity&) const = default;
};

// What the version of a JoinGroup lets the answer do.
struct JoinDialect {
  bool member_id_required = true;  // v4+: a first join is answered with an id to come back with
  bool skip_assignment = true;     // v9+: a returning static leader may be told not to assign
};

struct JoinRequest {
  MemberIdentity identity;
  std::string client_id;
  std::string client_host;
  std::chrono::milliseconds session_timeout{0};
  std::chrono::milliseconds rebalance_timeout{0};
  std::string protocol_type;
  std::vector<GroupProtocol> protocols;  // the preferred one first
  JoinDialect dialect;
  Uuid fresh_id;  // random: becomes part of the member id that a new member is given
};

struct JoinedMember {
  MemberIdentity identity;
  SharedBytes metadata;  // for the chosen protocol

  bool operator==(const JoinedMember&) const = default;
};

struct JoinResult {
  ErrorCode error = ErrorCode::kNone;
  std::int32_t generation = -1;
  std::optional<std::string> protocol_type;
  std::optional<std::string> protocol_name;
  std::string leader;
  std::string member_id;
  bool skip_assignment = false;
  std::vector<JoinedMember> members;  // for the leader only

  bool operator==(const JoinResult&) const = default;
};

// Calls that only a member of the present generation may make.
struct GenerationIdentity {
  MemberIdentity identity;
  std::int32_t generation = -1;
};

struct MemberAssignment {
  std::string member_id;
  SharedBytes assignment;
};

struct SyncRequest {
  GenerationIdentity caller;
  std::optional<std::string> protocol_type;  // v5+: checked when given
  std::optional<std::string> protocol_name;
  std::vector<MemberAssignment> assignments;  // from the leader
};

struct SyncResult {
  ErrorCode error = ErrorCode::kNone;
  std::optional<std::string> protocol_type;
  std::optional<std::string> protocol_name;
  SharedBytes assignment;

  bool operator==(const SyncResult&) const = default;
};

struct LeftMember {
  MemberIdentity identity;
  ErrorCode error = ErrorCode::kNone;

  bool operator==(const LeftMember&) const = default;
};

struct LeaveResult {
  ErrorCode error = ErrorCode::kNone;
  std::vector<LeftMember> members;  // as asked for, in order
};

struct CommitItem {
  TopicPartition tp;
  Uuid topic_id;
  Offset offset;
  LeaderEpoch leader_epoch = kNoLeaderEpoch;
  std::string metadata;
};

struct CommitRequest {
  GenerationIdentity caller;
  std::optional<std::chrono::milliseconds> retention;     // v2-4: instead of the broker's
  ErrorCode unknown_group = ErrorCode::kGroupIdNotFound;  // v9+; before, kIllegalGeneration
  // What a member of the new protocol (KIP-848) is told whose version has no member epochs: below
  // v9 kUnsupportedVersion.
  ErrorCode member_epochs = ErrorCode::kNone;
  std::vector<CommitItem> items;
};

// Who fetches offsets. Only groups of the new protocol look at it.
struct OffsetReader {
  std::optional<std::string> member_id;  // none: not a member
  std::int32_t member_epoch = -1;
};

struct DescribedMember {
  MemberIdentity identity;
  std::string client_id;
  std::string client_host;
  SharedBytes metadata;
  SharedBytes assignment;
};

struct GroupDescription {
  ErrorCode error = ErrorCode::kNone;
  std::string error_message;  // of kGroupIdNotFound
  std::string state = "Dead";
  std::string protocol_type;
  std::string protocol_name;
  std::vector<DescribedMember> members;
};

// The two kinds of groups of consumers, as ListGroups names them.
inline constexpr std::string_view kClassicGroupType = "classic";
inline constexpr std::string_view kConsumerGroupType = "consumer";

struct ListedGroup {
  std::string group;
  std::string_view type = kClassicGroupType;
  std::string protocol_type;
  std::string state;

  bool operator==(const ListedGroup&) const = default;
};

}  // namespace gneiss::server
