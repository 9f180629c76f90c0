// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/describe_producers.h"

#include <cstdint>
#include <string>
#include <utility>

#include "server/broker.h"
#include "server/dispatch/error_mapping.h"
#include "server/metadata/metadata_source.h"
#include "server/partition_lookup.h"

namespace gneiss::server {

namespace {

using Request = DescribeProducersHandler::Request;
using Response = DescribeProducersHandler::Response;

Response::ProducerState Describe(const engine::ActiveProducer& producer) {
  Response::ProducerState state;
  state.producer_id = producer.producer_id.value();
  state.producer_epoch = producer.producer_epoch;
  state.last_sequence = producer.last_sequence;
  state.last_timestamp = producer.last_timestamp;
  state.coordinator_epoch = producer.coordinator_epoch;
  state.current_txn_start_offset = producer.current_txn_start_offset.value();
  return state;
}

Response::PartitionResponse Describe(const PartitionFinder& finder, const std::string& topic,
                                     std::int32_t index) {
  Response::PartitionResponse answer;
  answer.partition_index = index;
  const PartitionLookup found = finder.Find(topic, PartitionId(index));
  answer.error_code = ToWire(found.error);
  if (found.error != ErrorCode::kNone) return answer;
  for (const engine::ActiveProducer& producer : found.partition->log->ActiveProducers()) {
    answer.active_producers.push_back(Describe(producer));
  }
  return answer;
}

}  // namespace

boost::asio::awaitable<Response> DescribeProducersHandler::Handle(RequestContext& ctx,
                                                                  Request request) {
  Broker& broker = ctx.broker();
  const PartitionFinder finder(broker.partitions(), broker.metadata().image(),
                               broker.config().node_id);
  Response response;
  for (Request::TopicRequest& topic : request.topics) {
    auto& topic_answer = response.topics.emplace_back();
    for (const std::int32_t index : topic.partition_indexes) {
      topic_answer.partitions.push_back(Describe(finder, topic.name, index));
    }
    topic_answer.name = std::move(topic.name);
  }
  co_return response;
}

}  // namespace gneiss::server
