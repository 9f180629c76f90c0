// SPDX-License-Identifier: Apache-2.0
// Topics, partitions and configs as librdkafka 2.0 asks for them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "admin.h"

namespace compat {
namespace {

using testing::Contains;
using testing::Pair;

class AdminTest : public testing::Test {
 protected:
  // The partition count that metadata shows, 0 for an unknown topic.
  int PartitionCount(const std::string& topic) {
    const rd_kafka_metadata_t* metadata = nullptr;
    EXPECT_EQ(rd_kafka_metadata(client_.get(), /*all_topics=*/1, nullptr, &metadata, 30'000),
              RD_KAFKA_RESP_ERR_NO_ERROR);
    int count = 0;
    for (int i = 0; i < metadata->topic_cnt; ++i) {
      if (topic == metadata->topics[i].topic) count = metadata->topics[i].partition_cnt;
    }
    rd_kafka_metadata_destroy(metadata);
    return count;
  }

  Admin admin_;
  const std::string topic_ = Unique("admin");
  const Handle client_ = NewHandle(RD_KAFKA_PRODUCER, {});
};

TEST_F(AdminTest, TopicsAreCreatedGrownAndDeleted) {
  EXPECT_EQ(admin_.CreateTopic(topic_, 2), RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_TRUE(WaitUntil([&] { return PartitionCount(topic_) == 2; }));
  EXPECT_EQ(admin_.CreateTopic(topic_, 2), RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS);
  EXPECT_EQ(admin_.CreatePartitions(topic_, 5), RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_TRUE(WaitUntil([&] { return PartitionCount(topic_) == 5; }));
  EXPECT_EQ(admin_.CreatePartitions(topic_, 5), RD_KAFKA_RESP_ERR_INVALID_PARTITIONS);
  EXPECT_EQ(admin_.DeleteTopic(topic_), RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_TRUE(WaitUntil([&] { return PartitionCount(topic_) == 0; }));
  EXPECT_EQ(admin_.DeleteTopic(topic_), RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
}

TEST_F(AdminTest, ImpossibleTopicsAreRefused) {
  EXPECT_EQ(admin_.CreateTopic("no spaces", 1), RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION);
  EXPECT_EQ(admin_.CreateTopic(topic_, 1, {}, 500), RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR);
  EXPECT_EQ(admin_.CreateTopic(topic_, 1, {{"retention.ms", "x"}}),
            RD_KAFKA_RESP_ERR_INVALID_CONFIG);
  EXPECT_EQ(PartitionCount(topic_), 0);
}

TEST_F(AdminTest, ConfigsAreReplacedAsAWhole) {
  ASSERT_EQ(admin_.CreateTopic(topic_, 1, {{"retention.ms", "5000000"}}),
            RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_THAT(admin_.TopicConfigs(topic_), Contains(Pair("retention.ms", "5000000")));
  EXPECT_EQ(admin_.ReplaceConfigs(topic_, {{"segment.bytes", "9000000"}}),
            RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_TRUE(WaitUntil([&] { return admin_.TopicConfigs(topic_)["segment.bytes"] == "9000000"; }));
  EXPECT_THAT(admin_.TopicConfigs(topic_), Contains(Pair("retention.ms", "604800000")));
  EXPECT_EQ(admin_.ReplaceConfigs(topic_, {{"segment.bytes", "few"}}),
            RD_KAFKA_RESP_ERR_INVALID_CONFIG);
  EXPECT_THAT(admin_.TopicConfigs(topic_), Contains(Pair("segment.bytes", "9000000")));
}

TEST_F(AdminTest, RecordsBeyondTheEndCannotBeDeleted) {
  ASSERT_EQ(admin_.CreateTopic(topic_, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
  Producer({}).Produce(topic_, 0, Numbered(5));
  EXPECT_EQ(admin_.DeleteRecords(topic_, 6), RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE);
  std::int64_t low = -1;
  EXPECT_EQ(admin_.DeleteRecords(topic_, RD_KAFKA_OFFSET_END, &low), RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_EQ(low, 5);
}

TEST_F(AdminTest, TheClusterHasAnIdAndAController) {
  char* cluster = rd_kafka_clusterid(client_.get(), 30'000);
  ASSERT_NE(cluster, nullptr);
  EXPECT_STRNE(cluster, "");
  rd_kafka_mem_free(client_.get(), cluster);
  EXPECT_GE(rd_kafka_controllerid(client_.get(), 30'000), 0);
}

}  // namespace
}  // namespace compat
