// SPDX-License-Identifier: Apache-2.0
// Offsets by name, by number and by time, through both of librdkafka's consumers.
#include <gtest/gtest.h>

#include "admin.h"
#include "client.h"

namespace compat {
namespace {

constexpr int kTimeoutMs = 30'000;

class PositionTest : public testing::Test {
 protected:
  PositionTest() : topic_(Unique("positions")) {
    EXPECT_EQ(admin_.CreateTopic(topic_, 1, {{"retention.ms", "-1"}}), RD_KAFKA_RESP_ERR_NO_ERROR);
  }

  void Send(const std::vector<Record>& records, const Settings& settings = {}) {
    for (const Delivery& delivery : Producer(settings).Produce(topic_, 0, records)) {
      ASSERT_EQ(delivery.error, RD_KAFKA_RESP_ERR_NO_ERROR);
    }
  }

  // The first offset whose timestamp is at least `time_ms`, by the broker's word.
  std::int64_t OffsetForTime(std::int64_t time_ms) {
    const Handle client = NewHandle(RD_KAFKA_PRODUCER, {});
    const PartitionList asked = OnePartition(topic_, 0, time_ms);
    EXPECT_EQ(rd_kafka_offsets_for_times(client.get(), asked.get(), kTimeoutMs),
              RD_KAFKA_RESP_ERR_NO_ERROR);
    EXPECT_EQ(asked->elems[0].err, RD_KAFKA_RESP_ERR_NO_ERROR);
    return asked->elems[0].offset;
  }

  Admin admin_;
  const std::string topic_;
};

TEST_F(PositionTest, AnyOffsetInsideABatchIsAStart) {
  Send(Numbered(300), {{"linger.ms", "200"}, {"compression.codec", "lz4"}});
  for (const std::int64_t start : {0, 1, 150, 298, 299}) {
    const std::vector<StoredRecord> stored = ReadToEnd(topic_, 0, start);
    ASSERT_EQ(stored.size(), static_cast<size_t>(300 - start));
    EXPECT_EQ(stored.front().offset, start);
  }
  EXPECT_TRUE(ReadToEnd(topic_, 0, 300).empty());
}

TEST_F(PositionTest, TimesAreLookedUpExactlyAlsoOutOfOrder) {
  std::vector<Record> records;
  for (const std::int64_t stamp : {100, 700, 300, 300, 900, 200}) {
    records.push_back({.value = "v", .key = {}, .headers = {}, .timestamp_ms = stamp});
  }
  Send(records, {{"linger.ms", "100"}});
  Send(records);
  EXPECT_EQ(OffsetForTime(50), 0);
  EXPECT_EQ(OffsetForTime(100), 0);
  EXPECT_EQ(OffsetForTime(101), 1);
  EXPECT_EQ(OffsetForTime(700), 1);
  EXPECT_EQ(OffsetForTime(701), 4);
  EXPECT_EQ(OffsetForTime(901), RD_KAFKA_OFFSET_END);
}

TEST_F(PositionTest, WatermarksFollowAppendsAndDeletions) {
  const Handle client = NewHandle(RD_KAFKA_PRODUCER, {});
  const auto watermarks = [&] {
    std::int64_t low = -1, high = -1;
    EXPECT_EQ(
        rd_kafka_query_watermark_offsets(client.get(), topic_.c_str(), 0, &low, &high, kTimeoutMs),
        RD_KAFKA_RESP_ERR_NO_ERROR);
    return std::pair(low, high);
  };
  EXPECT_EQ(watermarks(), (std::pair<std::int64_t, std::int64_t>(0, 0)));
  Send(Numbered(20));
  EXPECT_EQ(watermarks(), (std::pair<std::int64_t, std::int64_t>(0, 20)));
  std::int64_t low = -1;
  EXPECT_EQ(admin_.DeleteRecords(topic_, 12, &low), RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_EQ(low, 12);
  EXPECT_EQ(watermarks(), (std::pair<std::int64_t, std::int64_t>(12, 20)));
  EXPECT_EQ(ReadToEnd(topic_, 0, RD_KAFKA_OFFSET_BEGINNING).front().offset, 12);
}

// The older consumer, which has no groups and can start at a distance from the end.
TEST_F(PositionTest, TheSimpleConsumerReadsTheTail) {
  Send(Numbered(50));
  const Handle consumer = NewHandle(RD_KAFKA_CONSUMER, {{"group.id", Unique("simple")}});
  rd_kafka_topic_t* topic = rd_kafka_topic_new(consumer.get(), topic_.c_str(), nullptr);
  ASSERT_EQ(rd_kafka_consume_start(topic, 0, RD_KAFKA_OFFSET_TAIL(5)), 0);
  std::vector<std::int64_t> offsets;
  EXPECT_TRUE(WaitUntil([&] {
    const Message message(rd_kafka_consume(topic, 0, 200));
    if (message && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) offsets.push_back(message->offset);
    return offsets.size() >= 5;
  }));
  EXPECT_EQ(offsets, (std::vector<std::int64_t>{45, 46, 47, 48, 49}));
  rd_kafka_consume_stop(topic, 0);
  rd_kafka_topic_destroy(topic);
}

TEST_F(PositionTest, BatchesAboveTheFetchLimitsArrive) {
  std::vector<Record> records = Numbered(10);
  for (Record& record : records) record.value = std::string(100'000, 'x');
  Send(records);
  EXPECT_EQ(Records(ReadToEnd(topic_, 0, 0, {{"fetch.message.max.bytes", "1000"}})), records);
}

TEST_F(PositionTest, AnOffsetOutsideTheLogIsResetToItsStart) {
  Send(Numbered(3));
  EXPECT_EQ(ReadToEnd(topic_, 0, 1000, {{"auto.offset.reset", "earliest"}}).size(), 3u);
}

}  // namespace
}  // namespace compat
