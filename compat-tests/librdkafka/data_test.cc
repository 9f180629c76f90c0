// SPDX-License-Identifier: Apache-2.0
// Whatever is produced comes back once, in order, byte for byte.
#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "admin.h"
#include "client.h"

namespace compat {
namespace {

using Codec = std::string;

std::vector<std::int64_t> Dense(size_t count, std::int64_t first = 0) {
  std::vector<std::int64_t> offsets(count);
  std::iota(offsets.begin(), offsets.end(), first);
  return offsets;
}

// Records of many shapes: nulls, empties, bytes that are no text, headers.
std::vector<Record> Varied(int count) {
  std::vector<Record> records = Numbered(count);
  for (int i = 0; i < count; ++i) {
    Record& record = records[static_cast<size_t>(i)];
    if (i % 3 == 1) record.key = "key-" + std::to_string(i % 10);
    if (i % 3 == 2) record.key = "";
    if (i % 7 == 1) record.value = std::nullopt;
    if (i % 7 == 2) record.value = "";
    if (i % 7 == 3) record.value = std::string(static_cast<size_t>(i) * 5, static_cast<char>(i));
    for (int h = 0; h < i % 4; ++h) record.headers.emplace_back("h" + std::to_string(h), "v");
    if (i % 5 == 0) record.headers.emplace_back("null", std::nullopt);
    if (i % 5 == 1) record.headers.emplace_back("empty", "");
  }
  return records;
}

class DataTest : public testing::Test {
 protected:
  std::string NewTopic(int partitions = 1, const Settings& configs = {}) {
    const std::string name = Unique("topic");
    EXPECT_EQ(admin_.CreateTopic(name, partitions, configs), RD_KAFKA_RESP_ERR_NO_ERROR);
    return name;
  }

  // Produces, and expects every record to be acknowledged.
  static void Send(const std::string& topic, const std::vector<Record>& records,
                   const Settings& settings = {}, std::int32_t partition = 0) {
    for (const Delivery& delivery : Producer(settings).Produce(topic, partition, records)) {
      ASSERT_EQ(delivery.error, RD_KAFKA_RESP_ERR_NO_ERROR);
    }
  }

  static rd_kafka_resp_err_t SendOne(const std::string& topic, const Record& record) {
    return Producer({}).Produce(topic, 0, {record})[0].error;
  }

  Admin admin_;
};

class CodecTest : public DataTest, public testing::WithParamInterface<Codec> {};
INSTANTIATE_TEST_SUITE_P(AllCodecs, CodecTest,
                         testing::Values("none", "gzip", "snappy", "lz4", "zstd"),
                         [](const auto& info) { return info.param; });

TEST_P(CodecTest, EveryRecordComesBackOnceInOrderAndUnchanged) {
  const std::string topic = NewTopic();
  const std::vector<Record> records = Varied(500);
  Send(topic, records, {{"compression.codec", GetParam()}, {"batch.num.messages", "90"}});
  const std::vector<StoredRecord> stored = ReadToEnd(topic, 0);
  EXPECT_EQ(Records(stored), records);
  EXPECT_EQ(Offsets(stored), Dense(records.size()));
}

TEST_P(CodecTest, LargeValuesComeBackWhole) {
  const std::string topic = NewTopic();
  std::vector<Record> records = Numbered(4);
  for (Record& record : records) record.value = std::string(900'000, record.value->back());
  Send(topic, records, {{"compression.codec", GetParam()}});
  EXPECT_EQ(Records(ReadToEnd(topic, 0)), records);
}

TEST_P(CodecTest, ATopicMayForceItsOwnCodec) {
  const std::string forced = GetParam() == "none" ? "uncompressed" : GetParam();
  const std::string topic = NewTopic(1, {{"compression.type", forced}});
  const std::vector<Record> records = Varied(100);
  for (const char* sent : {"none", "lz4"}) Send(topic, records, {{"compression.codec", sent}});
  std::vector<Record> twice = records;
  twice.insert(twice.end(), records.begin(), records.end());
  EXPECT_EQ(Records(ReadToEnd(topic, 0)), twice);
}

class AcksTest : public DataTest, public testing::WithParamInterface<std::string> {};
INSTANTIATE_TEST_SUITE_P(AllLevels, AcksTest, testing::Values("0", "1", "all"),
                         [](const auto& info) { return "Acks_" + info.param; });

TEST_P(AcksTest, RecordsAreStored) {
  const std::string topic = NewTopic();
  const std::vector<Record> records = Numbered(400);
  Send(topic, records, {{"acks", GetParam()}});
  // Without an answer, the end of the log may be read before the last record has arrived.
  EXPECT_TRUE(WaitUntil([&] { return ReadToEnd(topic, 0).size() >= records.size(); }));
  EXPECT_EQ(Records(ReadToEnd(topic, 0)), records);
}

TEST_F(DataTest, AnIdempotentProducerStoresEachRecordOnceInOrder) {
  const std::string topic = NewTopic();
  const std::vector<Record> records = Numbered(5000);
  Producer producer({{"enable.idempotence", "true"}, {"batch.num.messages", "20"}});
  const std::vector<Delivery> deliveries = producer.Produce(topic, 0, records);
  for (size_t i = 0; i < deliveries.size(); ++i) {
    ASSERT_EQ(deliveries[i].error, RD_KAFKA_RESP_ERR_NO_ERROR);
    ASSERT_EQ(deliveries[i].offset, static_cast<std::int64_t>(i));
  }
  EXPECT_EQ(Records(ReadToEnd(topic, 0)), records);
}

TEST_F(DataTest, TwoIdempotentProducersShareAPartition) {
  const std::string topic = NewTopic();
  Producer first({{"enable.idempotence", "true"}}), second({{"enable.idempotence", "true"}});
  std::vector<Record> expected;
  for (int round = 0; round < 5; ++round) {
    for (Producer* producer : {&first, &second}) {
      const std::vector<Record> records = Numbered(20, std::to_string(round));
      producer->Produce(topic, 0, records);
      expected.insert(expected.end(), records.begin(), records.end());
    }
  }
  EXPECT_EQ(Records(ReadToEnd(topic, 0)), expected);
}

TEST_F(DataTest, ThePartitionerKeepsAKeyInOnePartition) {
  const std::string topic = NewTopic(8);
  std::vector<Record> records = Numbered(400);
  for (size_t i = 0; i < records.size(); ++i) records[i].key = "key-" + std::to_string(i % 40);
  Send(topic, records, {{"partitioner", "murmur2"}}, RD_KAFKA_PARTITION_UA);
  std::set<std::string> seen;
  size_t total = 0;
  for (std::int32_t partition = 0; partition < 8; ++partition) {
    std::set<std::string> keys;
    const std::vector<StoredRecord> stored = ReadToEnd(topic, partition);
    for (const StoredRecord& one : stored) keys.insert(*one.record.key);
    for (const std::string& key : keys) EXPECT_TRUE(seen.insert(key).second) << key;
    total += stored.size();
  }
  EXPECT_EQ(total, records.size());
  EXPECT_EQ(seen.size(), 40u);
}

TEST_F(DataTest, LogAppendTimeIsTheBrokers) {
  const std::string topic = NewTopic(1, {{"message.timestamp.type", "LogAppendTime"}});
  const std::int64_t sent_at = Numbered(1)[0].timestamp_ms;
  Send(topic, Numbered(10), {{"compression.codec", "gzip"}});
  for (const StoredRecord& one : ReadToEnd(topic, 0)) {
    EXPECT_EQ(one.timestamp_type, RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME);
    EXPECT_GT(one.record.timestamp_ms, sent_at + 1'000'000);
  }
}

TEST_F(DataTest, ARecordLargerThanTheTopicAllowsIsRefused) {
  const std::string topic = NewTopic(1, {{"max.message.bytes", "1000"}});
  const Record large{.value = std::string(2000, 'x'), .key = {}, .headers = {}};
  EXPECT_EQ(SendOne(topic, large), RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
  EXPECT_EQ(SendOne(topic, {.value = "small", .key = {}, .headers = {}}),
            RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_EQ(ReadToEnd(topic, 0).size(), 1u);
}

TEST_F(DataTest, ACompactedTopicRefusesRecordsWithoutKey) {
  const std::string topic = NewTopic(1, {{"cleanup.policy", "compact"}});
  EXPECT_EQ(SendOne(topic, {.value = "v", .key = {}, .headers = {}}),
            RD_KAFKA_RESP_ERR_INVALID_RECORD);
  EXPECT_EQ(SendOne(topic, {.value = "v", .key = "k", .headers = {}}), RD_KAFKA_RESP_ERR_NO_ERROR);
}

TEST_F(DataTest, AFailedRecordDoesNotBreakTheIdempotentSequence) {
  const std::string topic = NewTopic(1, {{"max.message.bytes", "1000"}});
  Producer producer({{"enable.idempotence", "true"}});
  const Record large{.value = std::string(2000, 'x'), .key = {}, .headers = {}};
  EXPECT_EQ(producer.Produce(topic, 0, Numbered(3))[2].error, RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_EQ(producer.Produce(topic, 0, {large})[0].error, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
  EXPECT_EQ(producer.Produce(topic, 0, Numbered(3))[2].error, RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_EQ(ReadToEnd(topic, 0).size(), 6u);
}

// librdkafka without ApiVersions speaks the oldest versions that carry record batches.
TEST_F(DataTest, AClientThatAsksForNoVersionsIsServed) {
  const Settings old = {{"api.version.request", "false"}, {"broker.version.fallback", "0.11.0"}};
  const std::string topic = NewTopic();
  const std::vector<Record> records = Varied(50);
  Send(topic, records, old);
  EXPECT_EQ(Records(ReadToEnd(topic, 0, 0, old)), records);
}

}  // namespace
}  // namespace compat
