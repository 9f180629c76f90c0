// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/describe_log_dirs.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/testing/in_process_broker.h"
#include "server/testing/raw_client.h"
#include "server/testing/topic_calls.h"

namespace gneiss::server {
namespace {

using protocol::DescribeLogDirsRequest;
using protocol::DescribeLogDirsResponse;
using testing::CreateTopic;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class DescribeLogDirsTest : public ::testing::Test {
 protected:
  DescribeLogDirsTest() {
    CreateTopic(client_, "orders", 3);
    CreateTopic(client_, "bills");
  }

  using Asked = std::vector<std::pair<std::string, std::vector<std::int32_t>>>;

  DescribeLogDirsResponse Call(const Asked& topics, std::int16_t version) {
    DescribeLogDirsRequest request;
    for (const auto& [name, partitions] : topics) {
      auto& topic = request.topics->emplace_back();
      topic.topic = name;
      topic.partitions = partitions;
    }
    return client_.Call<DescribeLogDirsRequest, DescribeLogDirsResponse>(request, version);
  }
  // "topic-partition" of all that the answer holds.
  static std::vector<std::string> Partitions(const DescribeLogDirsResponse& response) {
    std::vector<std::string> all;
    for (const auto& topic : response.results.at(0).topics) {
      for (const auto& partition : topic.partitions) {
        all.push_back(topic.name + "-" + std::to_string(partition.partition_index));
      }
    }
    return all;
  }

  testing::InProcessBroker broker_;
  testing::RawClient client_ = broker_.Connect();
};

TEST_F(DescribeLogDirsTest, EveryVersionDescribesTheDirectory) {
  for (std::int16_t version = 1; version <= 5; ++version) {
    SCOPED_TRACE(version);
    const DescribeLogDirsResponse response = Call({{"orders", {0, 2}}}, version);
    EXPECT_EQ(response.error_code, 0);
    ASSERT_THAT(response.results, SizeIs(1));
    EXPECT_EQ(response.results[0].error_code, 0);
    EXPECT_TRUE(std::filesystem::path(response.results[0].log_dir).is_absolute());
    EXPECT_EQ(response.results[0].total_bytes > 0, version >= 4);
    EXPECT_EQ(response.results[0].usable_bytes > 0, version >= 4);
    EXPECT_FALSE(response.results[0].is_cordoned);
    EXPECT_THAT(Partitions(response), ElementsAre("orders-0", "orders-2"));
    const auto& partition = response.results[0].topics[0].partitions[0];
    EXPECT_EQ(partition.partition_size, 0);
    EXPECT_EQ(partition.offset_lag, 0);
    EXPECT_FALSE(partition.is_future_key);
  }
}

TEST_F(DescribeLogDirsTest, NullMeansEveryPartitionAndEmptyNone) {
  DescribeLogDirsRequest request;
  request.topics = std::nullopt;
  const auto response = client_.Call<DescribeLogDirsRequest, DescribeLogDirsResponse>(request, 4);
  EXPECT_THAT(Partitions(response), ElementsAre("bills-0", "orders-0", "orders-1", "orders-2"));
  EXPECT_THAT(Partitions(Call({}, 4)), IsEmpty());
}

TEST_F(DescribeLogDirsTest, WhatIsNotHereIsLeftOutAndWhatIsNamedTwiceToldOnce) {
  EXPECT_THAT(Partitions(Call({{"orders", {0, 77, 0}}, {"nope", {0}}, {"orders", {0}}}, 4)),
              ElementsAre("orders-0"));
}

}  // namespace
}  // namespace gneiss::server
