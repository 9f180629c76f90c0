// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/fetch.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "server/broker.h"
#include "server/dispatch/error_mapping.h"
#include "server/fetch/fetch_pass.h"
#include "server/fetch/fetch_session_cache.h"
#include "server/fetch/fetch_waiter.h"
#include "server/metadata/metadata_source.h"
#include "server/net/storage_pool.h"
#include "server/partition_lookup.h"

namespace gneiss::server {

namespace asio = boost::asio;

namespace {

using Request = FetchHandler::Request;
using Response = FetchHandler::Response;

constexpr std::int16_t kFirstVersionWithTopicIds = 13;
constexpr std::int16_t kFirstVersionWithLeaderHints = 12;
constexpr std::int16_t kFirstVersionWithEndpoints = 16;
constexpr std::int16_t kFirstVersionWithStorageError = 6;
constexpr std::int8_t kReadUncommitted = 0;
constexpr std::int8_t kReadCommitted = 1;

// What a fetch asks for besides its partitions.
struct Terms {
  ErrorCode refusal = ErrorCode::kNone;  // of the fetch as a whole: each partition answers it
  FetchLimits limits;
  std::size_t bytes_min = 0;
  TimePoint deadline;
};

// What is wrong with a fetch as a whole; every partition is answered with it.
ErrorCode CheckRequest(const Request& request) {
  if (std::max(request.replica_id, request.replica_state.replica_id) >= 0) {
    return ErrorCode::kNotLeaderOrFollower;  // no replica follows this broker
  }
  const bool known =
      request.isolation_level == kReadUncommitted || request.isolation_level == kReadCommitted;
  return known ? ErrorCode::kNone : ErrorCode::kUnknownServerError;
}

Terms ReadTerms(const RequestContext& ctx, const Request& request) {
  const std::int32_t bytes_max =
      std::max(0, std::min(request.max_bytes, ctx.broker().config().fetch_max_bytes));
  const std::int32_t bytes_min = std::clamp(request.min_bytes, 0, bytes_max);
  const std::chrono::milliseconds wait(std::max(0, request.max_wait_ms));
  return {
      .refusal = CheckRequest(request),
      .limits = {.bound = request.isolation_level == kReadCommitted ? FetchBound::kLastStableOffset
                                                                    : FetchBound::kHighWatermark,
                 .bytes_max = static_cast<std::size_t>(bytes_max)},
      .bytes_min = static_cast<std::size_t>(bytes_min),
      .deadline = ctx.broker().clock().Now() + wait};
}

FetchSessionRequest ReadSessionRequest(const Request& request, std::int16_t version) {
  FetchSessionRequest out{
      .session_id = request.session_id,
      .session_epoch = request.session_epoch,
      .naming = version >= kFirstVersionWithTopicIds ? TopicNaming::kById : TopicNaming::kByName,
      .wanted = {},
      .forgotten = {}};
  for (const Request::FetchTopic& topic : request.topics) {
    const auto name = std::make_shared<const FetchTopic>(FetchTopic{topic.topic, topic.topic_id});
    for (const Request::FetchPartition& partition : topic.partitions) {
      out.wanted.push_back({.topic = name,
                            .partition = PartitionId(partition.partition),
                            .current_leader_epoch = LeaderEpoch(partition.current_leader_epoch),
                            .fetch_offset = Offset(partition.fetch_offset),
                            .last_fetched_epoch = LeaderEpoch(partition.last_fetched_epoch),
                            .partition_max_bytes = partition.partition_max_bytes});
    }
  }
  for (const Request::ForgottenTopic& topic : request.forgotten_topics_data) {
    const auto name = std::make_shared<const FetchTopic>(FetchTopic{topic.topic, topic.topic_id});
    for (const std::int32_t partition : topic.partitions) {
      out.forgotten.push_back({.topic = name, .partition = PartitionId(partition)});
    }
  }
  return out;
}

// One look at the partitions of a fetch. Each look has a metadata image of its own: topics come and
// go while a fetch is parked.
struct Look {
  PartitionFinder finder;
  std::vector<FetchItem> items;
  std::vector<FetchedPartition> answers;  // one per item
};

Look LookUp(const Broker& broker, const FetchScope& scope, ErrorCode refusal) {
  Look look{.finder = PartitionFinder(broker.partitions(), broker.metadata().image(),
                                      broker.config().node_id),
            .items = {},
            .answers = {}};
  look.items.reserve(scope.targets.size());
  for (const FetchTarget& target : scope.targets) {
    PartitionLookup found = scope.naming == TopicNaming::kById
                                ? look.finder.Find(target.topic->id, target.partition)
                                : look.finder.Find(target.topic->name, target.partition);
    if (found.partition != nullptr && refusal != ErrorCode::kNone) found = {nullptr, refusal};
    look.items.push_back({&target, std::move(found.partition), found.error});
  }
  return look;
}

// Watches every log that was read. False when there is none: nothing can come.
bool WatchAll(const Look& look, FetchWaiter& waiter) {
  bool any = false;
  for (std::size_t i = 0; i < look.items.size(); ++i) {
    if (look.items[i].partition == nullptr) continue;
    waiter.Watch(look.items[i].partition->log, look.answers[i].high_watermark);
    any = true;
  }
  return any;
}

// Reads until there is enough, or something that cannot wait, or the time is over.
asio::awaitable<Look> Gather(RequestContext& ctx, const Terms& terms, const FetchScope& scope) {
  bool last = false;
  while (true) {
    Look look = LookUp(ctx.broker(), scope, terms.refusal);
    FetchPass pass(look.items, terms.limits);
    if (pass.Run(engine::ReadTier::kMemory) == FetchPass::Progress::kNeedsThread) {
      // The pass lives in this frame, which stays until the work is done.
      auto work = [&pass]() -> Result<FetchPass::Progress> {
        return pass.Run(engine::ReadTier::kAll);
      };
      static_cast<void>(co_await ctx.broker().storage().Run<FetchPass::Progress>(std::move(work)));
    }
    look.answers = pass.TakeAnswers();
    last = last || pass.must_answer() || pass.readable_bytes() >= terms.bytes_min;
    if (last || ctx.broker().clock().Now() >= terms.deadline || ctx.closed()) co_return look;

    FetchWaiter waiter(ctx, ctx.broker().clock());
    for (FetchedPartition& answer : look.answers) answer.view = {};  // parked, nothing is pinned
    if (!WatchAll(look, waiter)) co_return look;
    const FetchWaiter::Wake wake =
        co_await waiter.Wait(terms.bytes_min - pass.readable_bytes(), terms.deadline);
    last = wake == FetchWaiter::Wake::kLost;
  }
}

// AnswerWriter turns what was read into the response's topics and partitions.
class AnswerWriter {
 public:
  AnswerWriter(const RequestContext& ctx, const PartitionFinder& finder, Response& response)
      : ctx_(ctx), finder_(finder), response_(response) {}

  void Add(const FetchItem& item, FetchedPartition answer) {
    if (!answer.view.batches.empty()) {
      TopicTraffic& traffic = *item.partition->traffic;
      traffic.fetched_bytes.Add(answer.view.bytes);
      traffic.fetched_batches.Add(answer.view.batches.size());
    }
    TopicOf(*item.target).partitions.push_back(Partition(item, std::move(answer)));
  }

 private:
  // Partitions of one topic that follow each other share its entry; the order is kept.
  Response::FetchableTopicResponse& TopicOf(const FetchTarget& target) {
    auto& topics = response_.responses;
    if (topics.empty() || topics.back().topic != target.topic->name ||
        topics.back().topic_id != target.topic->id) {
      topics.push_back({target.topic->name, target.topic->id, {}});
    }
    return topics.back();
  }

  Response::PartitionData Partition(const FetchItem& item, FetchedPartition answer) {
    Response::PartitionData out;
    out.partition_index = item.target->partition.value();
    out.error_code = ToWire(CodeFor(answer.error));
    out.high_watermark = answer.high_watermark.value();
    out.last_stable_offset = answer.last_stable_offset.value();
    out.log_start_offset = answer.log_start_offset.value();
    if (answer.diverging_epoch) {
      out.diverging_epoch = {answer.diverging_epoch->leader_epoch.value(),
                             answer.diverging_epoch->end_offset.value()};
    }
    out.aborted_transactions.reset();
    if (answer.aborted) {
      auto& aborted = out.aborted_transactions.emplace();
      for (const engine::AbortedTransaction& transaction : *answer.aborted) {
        aborted.push_back({transaction.producer_id.value(), transaction.first_offset.value()});
      }
    }
    auto& records = out.records.emplace();  // never null
    for (SharedBytes& batch : answer.view.batches) records.Append(std::move(batch));
    if (answer.error == ErrorCode::kNotLeaderOrFollower) AddLeader(*item.target, out);
    return out;
  }

  // Before v6 clients do not know the code for a broken disk.
  ErrorCode CodeFor(ErrorCode error) const {
    const bool old = ctx_.version() < kFirstVersionWithStorageError;
    return old && error == ErrorCode::kKafkaStorageError ? ErrorCode::kNotLeaderOrFollower : error;
  }

  // Tells the client where the leader is, so that it need not ask for metadata first (KIP-951).
  void AddLeader(const FetchTarget& target, Response::PartitionData& out) {
    if (ctx_.version() < kFirstVersionWithLeaderHints) return;
    const PartitionFinder::Leader leader =
        ctx_.version() >= kFirstVersionWithTopicIds
            ? finder_.FindLeader(target.topic->id, target.partition)
            : finder_.FindLeader(target.topic->name, target.partition);
    out.current_leader = {leader.id.value(), leader.epoch.value()};
    const BrokerConfig& config = ctx_.broker().config();
    if (ctx_.version() < kFirstVersionWithEndpoints || leader.id != config.node_id) return;
    if (!response_.node_endpoints.empty()) return;
    const Endpoint& endpoint = ctx_.connection().advertised;
    response_.node_endpoints.push_back(
        {config.node_id.value(), endpoint.host, endpoint.port, config.rack});
  }

  const RequestContext& ctx_;
  const PartitionFinder& finder_;
  Response& response_;
};

}  // namespace

asio::awaitable<Response> FetchHandler::Handle(RequestContext& ctx, Request request) {
  Broker& broker = ctx.broker();
  Response response;
  const Terms terms = ReadTerms(ctx, request);
  const FetchScope scope =
      broker.fetch_sessions().Begin(ReadSessionRequest(request, ctx.version()));
  if (scope.error != ErrorCode::kNone) {
    response.error_code = ToWire(scope.error);
    co_return response;
  }
  Look look = co_await Gather(ctx, terms, scope);

  const FetchSessionAnswer session = broker.fetch_sessions().End(scope, look.answers);
  response.error_code = ToWire(session.error);
  response.session_id = session.session_id;
  if (session.error != ErrorCode::kNone) co_return response;
  AnswerWriter writer(ctx, look.finder, response);
  for (std::size_t i = 0; i < look.items.size(); ++i) {
    if (!session.must_send.empty() && !session.must_send[i]) continue;
    writer.Add(look.items[i], std::move(look.answers[i]));
  }
  co_return response;
}

}  // namespace gneiss::server
