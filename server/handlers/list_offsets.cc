// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/list_offsets.h"

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "server/broker.h"
#include "server/dispatch/error_mapping.h"
#include "server/metadata/metadata_source.h"
#include "server/net/storage_pool.h"
#include "server/partition_lookup.h"

namespace gneiss::server {

namespace asio = boost::asio;

namespace {

using Request = ListOffsetsHandler::Request;
using Response = ListOffsetsHandler::Response;
using Answer = Response::ListOffsetsPartitionResponse;

// Timestamps below zero that ask for a mark of the log.
constexpr std::int64_t kLatest = -1;
constexpr std::int64_t kEarliest = -2;
constexpr std::int64_t kMaxTimestamp = -3;
constexpr std::int64_t kEarliestLocal = -4;
constexpr std::int64_t kLatestTiered = -5;
constexpr std::int64_t kEarliestPendingUpload = -6;

constexpr std::int16_t kFirstVersionWithLeaderEpochs = 4;
constexpr std::int32_t kConsumer = -1;  // ReplicaId; others see the whole log
constexpr std::int8_t kReadUncommitted = 0;
constexpr std::int8_t kReadCommitted = 1;

bool IsTimestampKnown(std::int64_t timestamp, std::int16_t version) {
  if (timestamp >= kEarliest) return true;
  switch (timestamp) {
    case kMaxTimestamp:
      return version >= 7;
    case kEarliestLocal:
      return version >= 8;
    case kLatestTiered:
      return version >= 9;
    case kEarliestPendingUpload:
      return version >= 11;
    default:
      return false;
  }
}

// What the asker may see of a log.
Offset UpperBound(const Request& request, const engine::LogOffsets& offsets) {
  if (request.replica_id != kConsumer) return offsets.log_end;
  return request.isolation_level == kReadCommitted ? offsets.last_stable : offsets.high_watermark;
}

// A lookup that reads the log, to be done on a storage thread.
struct Search {
  PartitionPtr partition;
  std::int64_t timestamp = 0;
  Offset upper_bound;
  Answer* answer = nullptr;  // in the response under way
};

// Versions that have no leader epochs do not take one either.
void DropLeaderEpochs(Response& response) {
  for (Response::ListOffsetsTopicResponse& topic : response.topics) {
    for (Answer& answer : topic.partitions) answer.leader_epoch = kNoLeaderEpoch.value();
  }
}

void Run(const Search& search) {
  const engine::PartitionLog& log = *search.partition->log;
  // The greatest timestamp is that of the whole log: one that the asker may not see counts as none.
  const Result<std::optional<engine::TimestampOffset>> found =
      search.timestamp == kMaxTimestamp ? log.FindMaxTimestamp(log.offsets().log_end)
                                        : log.FindTimestamp(search.timestamp, search.upper_bound);
  if (!found) {
    search.answer->error_code = ToWire(ToKafka(found.error().code));
    return;
  }
  if (!*found || (*found)->offset >= search.upper_bound) return;  // -1 -1, as it is
  search.answer->timestamp = (*found)->timestamp;
  search.answer->offset = (*found)->offset.value();
  search.answer->leader_epoch = (*found)->leader_epoch.value();
}

void AnswerMark(Offset offset, LeaderEpoch epoch, Answer& answer) {
  answer.offset = offset.value();
  answer.leader_epoch = epoch.value();
}

// PartitionQuery answers one partition, or leaves a Search behind.
class PartitionQuery {
 public:
  PartitionQuery(const RequestContext& ctx, const Request& request, const PartitionFinder& finder)
      : ctx_(ctx), request_(request), finder_(finder) {}

  std::optional<Search> Ask(const std::string& topic, const Request::ListOffsetsPartition& asked,
                            Answer& answer) const {
    const PartitionId id(asked.partition_index);
    if (const ErrorCode error = Check(asked); error != ErrorCode::kNone) {
      answer.error_code = ToWire(error);
      return std::nullopt;
    }
    const PartitionLookup found = finder_.Find(topic, id);
    ErrorCode error = found.error;
    if (error == ErrorCode::kNone) {
      error = CheckLeaderEpoch(*found.partition, LeaderEpoch(asked.current_leader_epoch));
    }
    if (error != ErrorCode::kNone) {
      answer.error_code = ToWire(error);
      return std::nullopt;
    }
    return Ask(found.partition, asked.timestamp, answer);
  }

 private:
  ErrorCode Check(const Request::ListOffsetsPartition& asked) const {
    if (!IsTimestampKnown(asked.timestamp, ctx_.version())) return ErrorCode::kUnsupportedVersion;
    const bool known =
        request_.isolation_level == kReadUncommitted || request_.isolation_level == kReadCommitted;
    return known ? ErrorCode::kNone : ErrorCode::kUnknownServerError;
  }

  std::optional<Search> Ask(const PartitionPtr& partition, std::int64_t timestamp,
                            Answer& answer) const {
    const engine::LogOffsets offsets = partition->log->offsets();
    const Offset upper_bound = UpperBound(request_, offsets);
    switch (timestamp) {
      case kLatest:
        AnswerMark(upper_bound, partition->leader_epoch, answer);
        return std::nullopt;
      case kEarliest:
      case kEarliestLocal:
        AnswerMark(offsets.log_start, partition->log->EpochAt(offsets.log_start), answer);
        return std::nullopt;
      case kLatestTiered:
      case kEarliestPendingUpload:
        return std::nullopt;
      default:
        return Search{partition, timestamp, upper_bound, &answer};
    }
  }

  const RequestContext& ctx_;
  const Request& request_;
  const PartitionFinder& finder_;
};

// How often each partition of a topic is named.
std::unordered_map<std::int32_t, int> CountPartitions(const Request::ListOffsetsTopic& topic) {
  std::unordered_map<std::int32_t, int> counts;
  for (const Request::ListOffsetsPartition& partition : topic.partitions) {
    ++counts[partition.partition_index];
  }
  return counts;
}

std::vector<Search> Answers(const PartitionQuery& query, const Request& request,
                            Response& response) {
  std::vector<Search> searches;
  response.topics.reserve(request.topics.size());
  for (const Request::ListOffsetsTopic& topic : request.topics) {
    auto& topic_answer = response.topics.emplace_back();
    topic_answer.name = topic.name;
    topic_answer.partitions.reserve(topic.partitions.size());  // searches point into it
    std::unordered_map<std::int32_t, int> counts = CountPartitions(topic);
    for (const Request::ListOffsetsPartition& partition : topic.partitions) {
      int& count = counts[partition.partition_index];
      if (count == 0) continue;  // answered already
      Answer& answer = topic_answer.partitions.emplace_back();
      answer.partition_index = partition.partition_index;
      if (std::exchange(count, 0) > 1) {
        answer.error_code = ToWire(ErrorCode::kInvalidRequest);
        continue;
      }
      if (std::optional<Search> search = query.Ask(topic.name, partition, answer)) {
        searches.push_back(std::move(*search));
      }
    }
  }
  return searches;
}

}  // namespace

asio::awaitable<Response> ListOffsetsHandler::Handle(RequestContext& ctx, Request request) {
  Broker& broker = ctx.broker();
  Response response;
  const PartitionFinder finder(broker.partitions(), broker.metadata().image(),
                               broker.config().node_id);
  const PartitionQuery query(ctx, request, finder);
  std::vector<Search> searches = Answers(query, request, response);
  if (!searches.empty()) {
    auto work = [&searches]() -> Result<std::size_t> {
      for (const Search& search : searches) Run(search);
      return searches.size();
    };
    static_cast<void>(co_await broker.storage().Run<std::size_t>(std::move(work)));
  }
  if (ctx.version() < kFirstVersionWithLeaderEpochs) DropLeaderEpochs(response);
  co_return response;
}

}  // namespace gneiss::server
