// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/delete_records.h"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "server/broker.h"
#include "server/dispatch/error_mapping.h"
#include "server/metadata/metadata_source.h"
#include "server/net/completions.h"
#include "server/partition_lookup.h"

namespace gneiss::server {

namespace {

using Request = DeleteRecordsHandler::Request;
using Response = DeleteRecordsHandler::Response;
using Answer = Response::DeleteRecordsPartitionResult;

constexpr std::int64_t kHighWatermark = -1;
constexpr std::int64_t kNoLowWatermark = -1;

ErrorCode CheckTopic(const Partition& partition) {
  if (IsInternalTopic(partition.tp.topic)) return ErrorCode::kInvalidTopicException;
  if (!partition.config->cleanup_delete) return ErrorCode::kPolicyViolation;
  return ErrorCode::kNone;
}

ErrorCode Check(const PartitionLookup& found, Offset to) {
  if (found.error != ErrorCode::kNone) return found.error;
  if (const ErrorCode error = CheckTopic(*found.partition); error != ErrorCode::kNone) {
    return error;
  }
  return to.value() < kHighWatermark ? ErrorCode::kOffsetOutOfRange : ErrorCode::kNone;
}

// A partition whose log start is on the move.
struct Move {
  PartitionPtr partition;
  Offset to;
  Answer* answer = nullptr;  // in the response under way
};

std::vector<Move> PlanMoves(const PartitionFinder& finder, const Request& request,
                            Response& response) {
  std::vector<Move> moves;
  for (const Request::DeleteRecordsTopic& topic : request.topics) {
    if (topic.partitions.empty()) continue;
    auto& topic_answer = response.topics.emplace_back();
    topic_answer.name = topic.name;
    topic_answer.partitions.resize(topic.partitions.size());  // moves point into it
    for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
      const Request::DeleteRecordsPartition& asked = topic.partitions[i];
      Answer& answer = topic_answer.partitions[i];
      answer.partition_index = asked.partition_index;
      answer.low_watermark = kNoLowWatermark;
      PartitionLookup found = finder.Find(topic.name, PartitionId(asked.partition_index));
      const Offset to(asked.offset);
      const ErrorCode error = Check(found, to);
      answer.error_code = ToWire(error);
      if (error == ErrorCode::kNone) moves.push_back({std::move(found.partition), to, &answer});
    }
  }
  return moves;
}

}  // namespace

asio::awaitable<Response> DeleteRecordsHandler::Handle(RequestContext& ctx, Request request) {
  Broker& broker = ctx.broker();
  const PartitionFinder finder(broker.partitions(), broker.metadata().image(),
                               broker.config().node_id);
  Response response;
  const std::vector<Move> moves = PlanMoves(finder, request, response);
  auto starts = Completions<Result<Offset>>::Create(moves.size());
  for (std::size_t i = 0; i < moves.size(); ++i) {
    engine::PartitionLog& log = *moves[i].partition->log;
    const bool all = moves[i].to.value() == kHighWatermark;
    log.AdvanceLogStart(all ? log.offsets().high_watermark : moves[i].to, starts->Slot(i));
  }
  const std::vector<Result<Offset>> results = co_await All(starts);
  for (std::size_t i = 0; i < moves.size(); ++i) {
    if (results[i]) {
      moves[i].answer->low_watermark = results[i]->value();
    } else {
      moves[i].answer->error_code = ToWire(ToKafka(results[i].error().code));
    }
  }
  co_return response;
}

}  // namespace gneiss::server
