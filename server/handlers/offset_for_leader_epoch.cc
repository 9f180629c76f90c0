// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/offset_for_leader_epoch.h"

#include <string>
#include <utility>

#include "server/broker.h"
#include "server/dispatch/error_mapping.h"
#include "server/metadata/metadata_source.h"
#include "server/partition_lookup.h"

namespace gneiss::server {

namespace {

using Request = OffsetForLeaderEpochHandler::Request;
using Response = OffsetForLeaderEpochHandler::Response;

Response::EpochEndOffset Answer(const PartitionFinder& finder, const std::string& topic,
                                const Request::OffsetForLeaderPartition& asked) {
  Response::EpochEndOffset answer;
  answer.partition = asked.partition;
  const PartitionLookup found = finder.Find(topic, PartitionId(asked.partition));
  ErrorCode error = found.error;
  if (error == ErrorCode::kNone) {
    error = CheckLeaderEpoch(*found.partition, LeaderEpoch(asked.current_leader_epoch));
  }
  answer.error_code = ToWire(error);
  if (error != ErrorCode::kNone) return answer;
  const engine::EpochEnd end =
      found.partition->log->EndOffsetForEpoch(LeaderEpoch(asked.leader_epoch));
  answer.leader_epoch = end.leader_epoch.value();
  answer.end_offset = end.end_offset.value();
  return answer;
}

}  // namespace

boost::asio::awaitable<Response> OffsetForLeaderEpochHandler::Handle(RequestContext& ctx,
                                                                     Request request) {
  Broker& broker = ctx.broker();
  const PartitionFinder finder(broker.partitions(), broker.metadata().image(),
                               broker.config().node_id);
  Response response;
  for (Request::OffsetForLeaderTopic& topic : request.topics) {
    auto& topic_answer = response.topics.emplace_back();
    for (const Request::OffsetForLeaderPartition& partition : topic.partitions) {
      topic_answer.partitions.push_back(Answer(finder, topic.topic, partition));
    }
    topic_answer.topic = std::move(topic.topic);
  }
  co_return response;
}

}  // namespace gneiss::server
