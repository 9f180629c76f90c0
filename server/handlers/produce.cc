// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/produce.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "engine/commit_burst.h"
#include "protocol/base/big_endian.h"
#include "protocol/records/record_batch.h"
#include "protocol/records/validate.h"
#include "server/broker.h"
#include "server/dispatch/error_mapping.h"
#include "server/limits.h"
#include "server/metadata/metadata_source.h"
#include "server/net/completions.h"
#include "server/net/storage_pool.h"
#include "server/partition_lookup.h"

namespace gneiss::server {

namespace {

using Request = ProduceHandler::Request;
using Response = ProduceHandler::Response;
using Answer = Response::PartitionProduceResponse;

constexpr std::int16_t kFirstVersionWithZstd = 7;
constexpr std::int16_t kFirstVersionWithLeaderHints = 10;
constexpr std::int16_t kFirstVersionWithTopicIds = 13;
constexpr std::int64_t kNoBaseOffset = -1;

// What a request may have in Acks.
constexpr std::int16_t kAllReplicas = -1;
constexpr std::int16_t kNoAnswer = 0;
constexpr std::int16_t kLeaderOnly = 1;

// The admin client of Kafka's own tools, which may write to internal topics.
constexpr std::string_view kAdminClientId = "__admin_client";

// A partition's batch on its way into the log.
struct Batch {
  PartitionPtr partition;
  SharedBytes records;
  Answer* answer = nullptr;  // in the response under way
  std::optional<records::ValidationResult> validated;
};

// The attributes of the first batch; 0 when there is none that could have any.
std::int16_t AttributesOf(const SharedBytes& records) {
  if (records.size() < records::kHeaderBytes) return 0;
  if (static_cast<std::int8_t>(records.view()[records::kMagicPosition]) != records::kMagic)
    return 0;
  return LoadBigEndian<std::int16_t>(records.data() + records::kCrcStart);
}

bool IsTransactional(const Request& request) {
  for (const Request::TopicProduceData& topic : request.topic_data) {
    for (const Request::PartitionProduceData& partition : topic.partition_data) {
      if (!partition.records || partition.records->empty()) continue;
      const std::int16_t attributes = AttributesOf(partition.records->pieces().front());
      if ((attributes & records::kTransactionalBit) != 0) return true;
    }
  }
  return false;
}

// True if `records` is one whole batch of the present format, with or without a torn rest. What is
// not is refused before the log is asked, which shows in the answer.
bool HasShapeOfABatch(const SharedBytes& records) {
  records::BatchScanner scanner(records.view());
  const auto first = scanner.Next();
  if (!first || !*first) return false;
  const auto second = scanner.Next();
  return !second || !*second;
}

int LevelOf(const TopicConfig& config) {
  switch (config.codec) {
    case records::Codec::kGzip:
      return config.gzip_level;
    case records::Codec::kLz4:
      return config.lz4_level;
    case records::Codec::kZstd:
      return config.zstd_level;
    case records::Codec::kNone:
    case records::Codec::kSnappy:
      break;
  }
  return 0;
}

records::ValidationRules RulesOf(const TopicConfig& config, std::int16_t version) {
  records::ValidationRules rules{
      .max_message_bytes = config.max_message_bytes,
      .segment_bytes = config.segment_bytes,
      .keys = config.cleanup_compact ? records::KeyRule::kRequired : records::KeyRule::kOptional,
      .timestamp_type = config.timestamp_type,
      .timestamp_before_ms_max = config.timestamp_before_max_ms,
      .timestamp_after_ms_max = config.timestamp_after_max_ms,
      .codec = std::nullopt,
      .level = std::nullopt,
      .zstd = version < kFirstVersionWithZstd ? records::ZstdSupport::kRefused
                                              : records::ZstdSupport::kAllowed};
  if (!config.keep_producer_codec) {
    rules.codec = config.codec;
    rules.level = LevelOf(config);
  }
  return rules;
}

void Refuse(ErrorCode error, Answer& answer) {
  answer.error_code = ToWire(error);
  answer.base_offset = kNoBaseOffset;
}

// Of the entries that name one partition only the last counts.
void DropReplaced(std::vector<Request::PartitionProduceData>& entries) {
  std::vector<std::int32_t> indexes;
  indexes.reserve(entries.size());
  for (const Request::PartitionProduceData& entry : entries) indexes.push_back(entry.index);
  std::ranges::sort(indexes);
  if (std::ranges::adjacent_find(indexes) == indexes.end()) return;
  std::unordered_set<std::int32_t> seen;
  std::vector<Request::PartitionProduceData> kept;
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    if (seen.insert(entry->index).second) kept.push_back(std::move(*entry));
  }
  std::ranges::reverse(kept);
  entries = std::move(kept);
}

// Plan makes the response's entries, in the order of the request, and decides which batches go on.
class Plan {
 public:
  Plan(const RequestContext& ctx, const Request& request, Response& response)
      : ctx_(ctx),
        request_(request),
        response_(response),
        finder_(ctx.broker().partitions(), ctx.broker().metadata().image(),
                ctx.broker().config().node_id) {}

  std::vector<Batch> Make() {
    const bool transactional = IsTransactional(request_);
    std::vector<Batch> batches;
    response_.responses.reserve(request_.topic_data.size());
    for (const Request::TopicProduceData& topic : request_.topic_data) {
      if (topic.partition_data.empty()) continue;
      auto& out = response_.responses.emplace_back();
      out.name = topic.name;
      out.topic_id = topic.topic_id;
      out.partition_responses.resize(topic.partition_data.size());  // batches point into it
      for (std::size_t i = 0; i < topic.partition_data.size(); ++i) {
        Answer& answer = out.partition_responses[i];
        answer.index = topic.partition_data[i].index;
        if (transactional) {
          Refuse(ErrorCode::kTransactionalIdAuthorizationFailed, answer);
        } else {
          AddBatch(topic, topic.partition_data[i], answer, batches);
        }
      }
    }
    return batches;
  }

 private:
  void AddBatch(const Request::TopicProduceData& topic, const Request::PartitionProduceData& data,
                Answer& answer, std::vector<Batch>& batches) {
    PartitionLookup found = ctx_.version() >= kFirstVersionWithTopicIds
                                ? finder_.Find(topic.topic_id, PartitionId(data.index))
                                : finder_.Find(topic.name, PartitionId(data.index));
    SharedBytes records = data.records ? data.records->Contiguous() : SharedBytes();
    ErrorCode error = found.error;
    if (error == ErrorCode::kNone) error = CheckRights(*found.partition, records);
    if (error == ErrorCode::kNone) {
      batches.push_back({std::move(found.partition), std::move(records), &answer, {}});
      return;
    }
    Refuse(error, answer);
    if (error == ErrorCode::kNotLeaderOrFollower) AddLeader(topic, answer);
  }

  // What the request may not do in a topic. What it sends is looked at first, as Kafka does.
  ErrorCode CheckRights(const Partition& partition, const SharedBytes& records) const {
    ErrorCode error = ErrorCode::kNone;
    if (request_.acks < kAllReplicas || request_.acks > kLeaderOnly) {
      error = ErrorCode::kInvalidRequiredAcks;
    } else if (ctx_.client_id() != kAdminClientId && IsInternalTopic(partition.tp.topic)) {
      error = ErrorCode::kInvalidTopicException;
    }
    if (error != ErrorCode::kNone && !HasShapeOfABatch(records)) error = ErrorCode::kInvalidRecord;
    return error;
  }

  // Tells the client where the leader is, so that it need not ask for metadata first (KIP-951).
  void AddLeader(const Request::TopicProduceData& topic, Answer& answer) {
    if (ctx_.version() < kFirstVersionWithLeaderHints) return;
    const PartitionFinder::Leader leader =
        ctx_.version() >= kFirstVersionWithTopicIds
            ? finder_.FindLeader(topic.topic_id, PartitionId(answer.index))
            : finder_.FindLeader(topic.name, PartitionId(answer.index));
    answer.current_leader = {leader.id.value(), leader.epoch.value()};
  }

  const RequestContext& ctx_;
  const Request& request_;
  Response& response_;
  const PartitionFinder finder_;
};

// True when looking the batches through may keep the loop from its other connections for long.
bool NeedsThread(const std::vector<Batch>& batches) {
  std::size_t bytes = 0;
  std::size_t compressed_bytes = 0;
  for (const Batch& batch : batches) {
    bytes += batch.records.size();
    const bool compressed = (AttributesOf(batch.records) & records::kCodecMask) != 0;
    if (compressed) compressed_bytes += batch.records.size();
    if (!batch.partition->config->keep_producer_codec) return true;  // it may be packed anew
  }
  return bytes > limits::kValidatedBytesOnLoopMax ||
         compressed_bytes > limits::kCompressedBytesOnLoopMax;
}

// What a batch may unpack to where it is checked.
enum class Unpacking { kLittle, kAny };

// Checks all batches. False when one unpacks to more than is allowed here: it is to be checked
// again with Unpacking::kAny. Threads: any.
bool Validate(std::vector<Batch>& batches, std::int16_t version, TimestampMs now,
              Unpacking unpacking) {
  for (Batch& batch : batches) {
    records::ValidationRules rules = RulesOf(*batch.partition->config, version);
    const bool little = unpacking == Unpacking::kLittle;
    if (little) rules.decompressed_bytes_max = limits::kUnpackedBytesOnLoopMax;
    batch.validated = records::ValidateForAppend(batch.records, rules, now);
    const bool refused = !*batch.validated;
    if (little && refused && batch.validated->error().code == Errc::kMessageTooLarge) return false;
  }
  return true;
}

// The log start is told when the log itself refused, as a check of its own in Kafka, and is -1 for
// what is refused before.
bool TellsLogStart(ErrorCode error, const SharedBytes& records) {
  switch (error) {
    case ErrorCode::kInvalidRecord:
      return HasShapeOfABatch(records);
    case ErrorCode::kInvalidTimestamp:
    case ErrorCode::kOutOfOrderSequenceNumber:
    case ErrorCode::kInvalidProducerEpoch:
      return true;
    default:
      return false;
  }
}

void AnswerRefusal(const Batch& batch, const records::ValidationFailure& failure) {
  Answer& answer = *batch.answer;
  const ErrorCode error = ToKafka(failure.code);
  Refuse(error, answer);
  if (TellsLogStart(error, batch.records)) {
    answer.log_start_offset = batch.partition->log->offsets().log_start.value();
  }
  answer.error_message = failure.message;
  for (const records::RecordError& record : failure.record_errors) {
    answer.record_errors.push_back({record.index, record.text});
  }
}

using Appends = Completions<Result<engine::AppendResult>>;

// Hands all batches to their logs in one go, so that they join one write.
std::shared_ptr<Appends> Append(std::vector<Batch>& batches) {
  const engine::CommitBurst burst;
  std::shared_ptr<Appends> appends = Appends::Create(batches.size());
  for (std::size_t i = 0; i < batches.size(); ++i) {
    Batch& batch = batches[i];
    batch.partition->log->Append(std::move(**batch.validated), appends->Slot(i));
  }
  return appends;
}

void CountProduced(const Batch& batch, const engine::AppendResult& appended) {
  TopicTraffic& traffic = *batch.partition->traffic;
  traffic.produced_bytes.Add(batch.records.size());
  traffic.produced_batches.Add();
  traffic.produced_records.Add(
      static_cast<std::uint64_t>(appended.last_offset.value() - appended.base_offset.value() + 1));
}

void AnswerAppend(const Batch& batch, const Result<engine::AppendResult>& appended) {
  Answer& answer = *batch.answer;
  if (appended) {
    answer.base_offset = appended->base_offset.value();
    answer.log_append_time_ms = appended->log_append_time;
    answer.log_start_offset = appended->log_start_offset.value();
    if (!appended->duplicate) CountProduced(batch, *appended);
    return;
  }
  const ErrorCode error = ToKafka(appended.error().code);
  Refuse(error, answer);
  if (TellsLogStart(error, batch.records)) {
    answer.log_start_offset = batch.partition->log->offsets().log_start.value();
  }
}

// Answers the batches that did not pass and leaves the others.
void DropRefused(std::vector<Batch>& batches) {
  std::erase_if(batches, [](const Batch& batch) {
    if (*batch.validated) return false;
    AnswerRefusal(batch, batch.validated->error());
    return true;
  });
}

std::optional<std::string> FirstError(const Response& response) {
  for (const Response::TopicProduceResponse& topic : response.responses) {
    for (const Answer& answer : topic.partition_responses) {
      if (answer.error_code == 0) continue;
      return "produce with acks=0 failed, partition=" + topic.name + "-" +
             std::to_string(answer.index) +
             " error=" + std::string(ToString(protocol::ErrorCodeFromWire(answer.error_code)));
    }
  }
  return std::nullopt;
}

void AddEndpoint(const RequestContext& ctx, Response& response) {
  const BrokerConfig& config = ctx.broker().config();
  for (const Response::TopicProduceResponse& topic : response.responses) {
    for (const Answer& answer : topic.partition_responses) {
      if (answer.current_leader.leader_id != config.node_id.value()) continue;
      const Endpoint& endpoint = ctx.connection().advertised;
      response.node_endpoints.push_back(
          {config.node_id.value(), endpoint.host, endpoint.port, config.rack});
      return;
    }
  }
}

}  // namespace

asio::awaitable<Response> ProduceHandler::Handle(RequestContext& ctx, Request request) {
  Response response;
  for (Request::TopicProduceData& topic : request.topic_data) DropReplaced(topic.partition_data);
  std::vector<Batch> batches = Plan(ctx, request, response).Make();
  const std::int16_t version = ctx.version();
  const TimestampMs now = ctx.broker().clock().WallMs();
  if (NeedsThread(batches) || !Validate(batches, version, now, Unpacking::kLittle)) {
    auto work = [&batches, version, now]() -> Result<bool> {
      return Validate(batches, version, now, Unpacking::kAny);
    };
    static_cast<void>(co_await ctx.broker().storage().Run<bool>(std::move(work)));
  }
  DropRefused(batches);

  const auto appends = Append(batches);
  ctx.Admit();  // the order of these batches is fixed
  const std::vector<Result<engine::AppendResult>> results = co_await All(appends);
  for (std::size_t i = 0; i < batches.size(); ++i) AnswerAppend(batches[i], results[i]);

  if (request.acks == kNoAnswer) {
    ctx.SuppressResponse();
    if (std::optional<std::string> error = FirstError(response)) {
      ctx.CloseConnection(std::move(*error));
    }
  }
  AddEndpoint(ctx, response);
  co_return response;
}

}  // namespace gneiss::server
