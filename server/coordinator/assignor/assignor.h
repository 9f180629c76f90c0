// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/base/result.h"
#include "protocol/base/uuid.h"

namespace gneiss::server {

// The partitions of some topics: ascending, each once, no topic without any.
using PartitionsByTopic = std::map<Uuid, std::vector<std::int32_t>>;

// A member of a consumer group as an assignor sees it. Kafka 4.3's server-side assignors do not
// look at racks, neither the member's nor the partitions'; so there are none here.
struct MemberSpec {
  std::string member_id;
  std::optional<std::string> instance_id;  // static members alone (KIP-345)
  std::vector<Uuid> topics;                // subscribed to; ascending, each once
  PartitionsByTopic partitions;            // of the last target assignment
};

struct GroupSpec {
  std::vector<MemberSpec> members;                // in any order, each id once
  std::map<Uuid, std::int32_t> partition_counts;  // of all topics that anybody subscribes to
};

// By member id. Every member of the group is in it, some of them without partitions.
using GroupAssignment = std::map<std::string, PartitionsByTopic, std::less<>>;

// Assignor says who reads what in a group of the new protocol (KIP-848). Every partition of a topic
// with subscribers gets exactly one of them. The same spec gives the same assignment, in whatever
// order its members stand.
// Threads: any; assignors have no state.
class Assignor {
 public:
  virtual ~Assignor() = default;

  // As clients name it in ConsumerGroupHeartbeat and operators in group.consumer.assignors.
  virtual std::string_view name() const = 0;

  // kInvalidArgument when a member subscribes to a topic that has no partition count. What is left
  // in MemberSpec::partitions of topics and partitions that are gone, of topics not subscribed to
  // any more, or of another member as well is passed over.
  virtual Result<GroupAssignment> Assign(const GroupSpec& spec) const = 0;
};

// The assignor of this name, "uniform" or "range"; null for others. It is never destroyed.
const Assignor* FindAssignor(std::string_view name);

}  // namespace gneiss::server
