// SPDX-License-Identifier: Apache-2.0
#include "server/metadata/quorum_view.h"

#include <string_view>

#include "server/metadata/plan.h"

namespace gneiss::server {
namespace {

using Request = protocol::DescribeQuorumRequest;
using Response = protocol::DescribeQuorumResponse;

constexpr std::string_view kMetadataTopic = "__cluster_metadata";
constexpr std::int32_t kLeaderEpoch = 1;  // nobody else has ever led

bool AsksForTheQuorum(const Request& request) {
  return request.topics.size() == 1 && request.topics[0].topic_name == kMetadataTopic &&
         request.topics[0].partitions.size() == 1 &&
         request.topics[0].partitions[0].partition_index == 0;
}

Response AllUnknown(const Request& request) {
  Response response;
  for (const auto& asked : request.topics) {
    auto& topic = response.topics.emplace_back();
    topic.topic_name = asked.topic_name;
    for (const auto& partition : asked.partitions) {
      auto& unknown = topic.partitions.emplace_back();
      unknown.partition_index = partition.partition_index;
      Refuse(unknown, {ErrorCode::kUnknownTopicOrPartition, "This is not the metadata log."});
    }
  }
  return response;
}

}  // namespace

Response DescribeQuorumOfOne(BrokerId node, const MetadataImage& image, TimestampMs now,
                             const Request& request) {
  if (!AsksForTheQuorum(request)) return AllUnknown(request);
  Response response;
  auto& topic = response.topics.emplace_back();
  topic.topic_name = kMetadataTopic;
  auto& quorum = topic.partitions.emplace_back();
  quorum.leader_id = node.value();
  quorum.leader_epoch = kLeaderEpoch;
  quorum.high_watermark = image.offset().value() + 1;
  auto& voter = quorum.current_voters.emplace_back();
  voter.replica_id = node.value();
  voter.log_end_offset = quorum.high_watermark;
  voter.last_fetch_timestamp = now;
  voter.last_caught_up_timestamp = now;
  response.nodes.emplace_back().node_id = node.value();
  return response;
}

}  // namespace gneiss::server
