// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/base/big_endian.h"
#include "protocol/base/crc32c.h"
#include "protocol/error_codes.h"
#include "protocol/messages/create_topics.h"
#include "protocol/messages/fetch.h"
#include "protocol/messages/produce.h"
#include "protocol/records/batch_builder.h"
#include "server/testing/in_process_broker.h"

namespace gneiss::server::testing {

using protocol::ErrorCode;
using Values = std::vector<std::string>;

// How a test's batch differs from the plainest one.
struct BatchShape {
  records::Codec codec = records::Codec::kNone;
  std::optional<std::string> key = "k";
  TimestampMs timestamp = 1'700'000'000'000;
  std::int64_t producer_id = -1;
  std::int16_t producer_epoch = -1;
  std::int32_t base_sequence = -1;
  bool transactional = false;
};

inline std::string MakeBatch(const Values& values, const BatchShape& shape = {}) {
  records::BatchBuilder builder({.codec = shape.codec,
                                 .producer_id = ProducerId(shape.producer_id),
                                 .producer_epoch = shape.producer_epoch,
                                 .base_sequence = shape.base_sequence,
                                 .is_transactional = shape.transactional});
  for (const std::string& value : values) {
    builder.Add(shape.key ? std::optional<std::string_view>(*shape.key) : std::nullopt, value,
                shape.timestamp);
  }
  return builder.Build().value();
}

// Overwrites a field of a batch's header and makes the CRC right again.
template <class Int>
std::string WithField(std::string batch, std::size_t position, Int value) {
  StoreBigEndian(batch.data() + position, value);
  const std::uint32_t crc = Crc32c(AsBytes(batch).subspan(records::kCrcStart));
  StoreBigEndian(batch.data() + records::kCrcPosition, crc);
  return batch;
}

// DataTest is the fixture of the handlers that touch records: a broker, a connection, and the words
// for topics, batches, producing and fetching.
class DataTest : public ::testing::Test {
 protected:
  using Answer = protocol::ProduceResponse::PartitionProduceResponse;
  using Fetched = protocol::FetchResponse::PartitionData;

  // Creates a topic and returns its id.
  Uuid CreateTopic(const std::string& name, int partitions = 1, const ConfigMap& configs = {}) {
    protocol::CreateTopicsRequest request;
    auto& topic = request.topics.emplace_back();
    topic.name = name;
    topic.num_partitions = partitions;
    topic.replication_factor = 1;
    for (const auto& [key, value] : configs) topic.configs.push_back({key, value});
    request.timeout_ms = 10'000;
    const auto response =
        client_.Call<protocol::CreateTopicsRequest, protocol::CreateTopicsResponse>(request, 7);
    EXPECT_EQ(response.topics.at(0).error_code, 0) << response.Describe();
    return response.topics.at(0).topic_id;
  }

  static protocol::ProduceRequest ProduceRequestFor(const std::string& topic, int partition,
                                                    std::optional<std::string> records) {
    protocol::ProduceRequest request;
    request.acks = -1;
    request.timeout_ms = 10'000;
    auto& data = request.topic_data.emplace_back();
    data.name = topic;
    auto& entry = data.partition_data.emplace_back();
    entry.index = partition;
    if (records) entry.records.emplace(SharedBytes::Own(std::move(*records)));
    return request;
  }
  protocol::ProduceResponse Call(const protocol::ProduceRequest& request,
                                 std::int16_t version = 9) {
    return client_.Call<protocol::ProduceRequest, protocol::ProduceResponse>(request, version);
  }
  // Produces to one partition; the whole answer for it.
  Answer Produce(const std::string& topic, std::optional<std::string> records, int partition = 0,
                 std::int16_t version = 9) {
    const auto response = Call(ProduceRequestFor(topic, partition, std::move(records)), version);
    return response.responses.at(0).partition_responses.at(0);
  }
  // Produces what must be accepted; the base offset.
  std::int64_t Append(const std::string& topic, const Values& values, int partition = 0,
                      const BatchShape& shape = {}) {
    const Answer answer = Produce(topic, MakeBatch(values, shape), partition);
    EXPECT_EQ(answer.error_code, 0);
    return answer.base_offset;
  }

  static protocol::FetchRequest FetchRequestFor(const std::string& topic, int partition,
                                                std::int64_t offset) {
    protocol::FetchRequest request;
    request.min_bytes = 1;
    auto& data = request.topics.emplace_back();
    data.topic = topic;
    auto& entry = data.partitions.emplace_back();
    entry.partition = partition;
    entry.fetch_offset = offset;
    entry.partition_max_bytes = 1 << 20;
    return request;
  }
  protocol::FetchResponse Call(const protocol::FetchRequest& request, std::int16_t version = 11) {
    return client_.Call<protocol::FetchRequest, protocol::FetchResponse>(request, version);
  }
  Fetched Fetch(const std::string& topic, std::int64_t offset, int partition = 0,
                std::int16_t version = 11) {
    const auto response = Call(FetchRequestFor(topic, partition, offset), version);
    return response.responses.at(0).partitions.at(0);
  }

  InProcessBroker broker_;
  RawClient client_ = broker_.Connect();
};

}  // namespace gneiss::server::testing
