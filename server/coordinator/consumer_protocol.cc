// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/consumer_protocol.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "protocol/base/big_endian.h"
#include "protocol/messages/data/consumer_protocol_assignment.h"
#include "protocol/wire/reader.h"
#include "protocol/wire/writer.h"

namespace gneiss::server {
namespace {

using protocol::ConsumerProtocolAssignment;
using protocol::ConsumerProtocolSubscription;

template <class Message>
Result<std::int16_t> ReadVersion(wire::Reader& in) {
  const std::int16_t version = in.ReadInt16();
  if (!in.ok() || version < Message::kMinVersion) {
    return Fail(Errc::kMalformed, "no " + std::string(Message::kName));
  }
  return std::min(version, Message::kMaxVersion);
}

template <class TopicPartitions>
PartitionsByTopic ToPartitions(const std::vector<TopicPartitions>& named,
                               const GroupTopics& topics) {
  PartitionsByTopic result;
  for (const TopicPartitions& one : named) {
    const std::optional<GroupTopic> topic = topics.Find(one.topic);
    if (!topic || one.partitions.empty()) continue;
    std::vector<std::int32_t>& partitions = result[topic->id];
    partitions.insert(partitions.end(), one.partitions.begin(), one.partitions.end());
    std::ranges::sort(partitions);
    const auto rest = std::ranges::unique(partitions);
    partitions.erase(rest.begin(), rest.end());
  }
  return result;
}

}  // namespace

Result<ConsumerSubscription> ParseConsumerSubscription(const SharedBytes& metadata) {
  wire::Reader in(metadata.view());
  ConsumerSubscription subscription;
  GNEISS_ASSIGN_OR_RETURN(subscription.version, ReadVersion<ConsumerProtocolSubscription>(in));
  GNEISS_ASSIGN_OR_RETURN(subscription.fields,
                          ConsumerProtocolSubscription::Decode(in, subscription.version));
  return subscription;
}

Result<PartitionsByTopic> ParseConsumerAssignment(const SharedBytes& assignment,
                                                  const GroupTopics& topics) {
  if (assignment.size() == 0) return PartitionsByTopic();
  wire::Reader in(assignment.view());
  GNEISS_ASSIGN_OR_RETURN(const std::int16_t version, ReadVersion<ConsumerProtocolAssignment>(in));
  GNEISS_ASSIGN_OR_RETURN(const ConsumerProtocolAssignment fields,
                          ConsumerProtocolAssignment::Decode(in, version));
  return ToPartitions(fields.assigned_partitions, topics);
}

PartitionsByTopic OwnedPartitions(const ConsumerSubscription& subscription,
                                  const GroupTopics& topics) {
  return ToPartitions(subscription.fields.owned_partitions, topics);
}

SharedBytes EncodeConsumerAssignment(const PartitionsByTopic& partitions, std::int16_t version,
                                     const GroupTopics& topics) {
  ConsumerProtocolAssignment assignment;
  for (const auto& [id, ids] : partitions) {
    const std::optional<GroupTopic> topic = topics.Find(id);
    if (!topic) continue;
    auto& one = assignment.assigned_partitions.emplace_back();
    one.topic = topic->name;
    one.partitions = ids;
  }
  std::string bytes(sizeof version, '\0');
  StoreBigEndian(bytes.data(), version);
  // Topics' names are short, so there is nothing that cannot be encoded.
  return SharedBytes::Own(bytes + wire::EncodeToString(assignment, version).value_or(""));
}

}  // namespace gneiss::server
