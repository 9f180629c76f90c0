// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/list_offsets.h"

#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/messages/delete_records.h"
#include "protocol/messages/list_offsets.h"
#include "server/testing/data_test.h"

namespace gneiss::server::testing {
namespace {

using protocol::ListOffsetsRequest;
using protocol::ListOffsetsResponse;

constexpr std::int64_t kT0 = 1'700'000'000'000;

class ListOffsetsTest : public DataTest {
 protected:
  using Found = ListOffsetsResponse::ListOffsetsPartitionResponse;

  ListOffsetsTest() { CreateTopic("t", 2); }

  // One record with each of these times after kT0, in one batch.
  void AppendAt(const std::vector<std::int64_t>& times) {
    records::BatchBuilder builder;
    for (const std::int64_t time : times) builder.Add("k", "v", kT0 + time);
    EXPECT_EQ(Produce("t", builder.Build().value()).error_code, 0);
  }
  static ListOffsetsRequest RequestFor(const std::string& topic, std::int64_t timestamp,
                                       int partition = 0) {
    ListOffsetsRequest request;
    request.replica_id = -1;
    auto& entry = request.topics.emplace_back();
    entry.name = topic;
    auto& asked = entry.partitions.emplace_back();
    asked.partition_index = partition;
    asked.timestamp = timestamp;
    return request;
  }
  ListOffsetsResponse Ask(const ListOffsetsRequest& request, std::int16_t version = 11) {
    return client_.Call<ListOffsetsRequest, ListOffsetsResponse>(request, version);
  }
  Found Find(std::int64_t timestamp, std::int16_t version = 11, const std::string& topic = "t",
             int partition = 0) {
    return Ask(RequestFor(topic, timestamp, partition), version).topics.at(0).partitions.at(0);
  }
  static void Expect(const Found& found, std::int64_t timestamp, std::int64_t offset,
                     std::int32_t epoch) {
    EXPECT_EQ(found.error_code, 0);
    EXPECT_EQ(found.timestamp, timestamp);
    EXPECT_EQ(found.offset, offset);
    EXPECT_EQ(found.leader_epoch, epoch);
  }
};

TEST_F(ListOffsetsTest, EachSpecialTimestampHasItsFirstVersion) {
  AppendAt({0, 50, 20});
  const struct {
    std::int64_t timestamp;
    std::int16_t first_version;
  } kSpecial[] = {{-1, 1}, {-2, 1}, {-3, 7}, {-4, 8}, {-5, 9}, {-6, 11}, {-7, 99}, {-100, 99}};
  for (const auto& special : kSpecial) {
    for (std::int16_t version = 1; version <= 11; ++version) {
      EXPECT_EQ(Find(special.timestamp, version).error_code,
                version < special.first_version ? ToWire(ErrorCode::kUnsupportedVersion) : 0)
          << special.timestamp << " in version " << version;
    }
  }
}

TEST_F(ListOffsetsTest, TheMarksOfTheLog) {
  AppendAt({0, 50, 20});
  AppendAt({50, 10});
  Expect(Find(-1), -1, 5, 0);
  Expect(Find(-2), -1, 0, 0);
  Expect(Find(-3), kT0 + 50, 1, 0);
  Expect(Find(-4), -1, 0, 0);
  Expect(Find(-5), -1, -1, -1);
  Expect(Find(-6), -1, -1, -1);
}

TEST_F(ListOffsetsTest, AnEmptyLog) {
  Expect(Find(-1), -1, 0, 0);
  Expect(Find(-2), -1, 0, 0);
  Expect(Find(-3), -1, -1, -1);
  Expect(Find(0), -1, -1, -1);
}

TEST_F(ListOffsetsTest, TheFirstRecordThatIsNotOlderIsFoundExactly) {
  AppendAt({0, 50, 20});
  AppendAt({50, 10});
  AppendAt({5});
  Expect(Find(0), kT0, 0, 0);
  Expect(Find(kT0), kT0, 0, 0);
  Expect(Find(kT0 + 1), kT0 + 50, 1, 0);
  Expect(Find(kT0 + 20), kT0 + 50, 1, 0);
  Expect(Find(kT0 + 50), kT0 + 50, 1, 0);
  Expect(Find(kT0 + 51), -1, -1, -1);
}

TEST_F(ListOffsetsTest, WhatWasDeletedIsNotFound) {
  AppendAt({0, 50});
  AppendAt({10});
  protocol::DeleteRecordsRequest request;
  request.topics.push_back({"t", {{0, 2}}});
  request.timeout_ms = 10'000;
  client_.Call<protocol::DeleteRecordsRequest, protocol::DeleteRecordsResponse>(request, 2);
  Expect(Find(-2), -1, 2, 0);
  Expect(Find(0), kT0 + 10, 2, 0);
  Expect(Find(-3), kT0 + 10, 2, 0);
}

TEST_F(ListOffsetsTest, IsolationLevelsAndReplicasOfAStableLogSeeTheSame) {
  AppendAt({0, 1});
  for (const std::int8_t isolation : {std::int8_t{0}, std::int8_t{1}}) {
    for (const std::int32_t replica : {-1, -2, 5}) {
      ListOffsetsRequest request = RequestFor("t", -1);
      request.isolation_level = isolation;
      request.replica_id = replica;
      EXPECT_EQ(Ask(request).topics.at(0).partitions.at(0).offset, 2);
    }
  }
}

TEST_F(ListOffsetsTest, UnknownPartitionsAndOtherEpochsAreRefused) {
  EXPECT_EQ(Find(-1, 11, "nope").error_code, ToWire(ErrorCode::kUnknownTopicOrPartition));
  EXPECT_EQ(Find(-1, 11, "t", 9).error_code, ToWire(ErrorCode::kUnknownTopicOrPartition));
  EXPECT_EQ(Find(-7, 11, "t", 9).error_code, ToWire(ErrorCode::kUnsupportedVersion));
  ListOffsetsRequest request = RequestFor("t", -1);
  request.topics[0].partitions[0].current_leader_epoch = 5;
  EXPECT_EQ(Ask(request).topics.at(0).partitions.at(0).error_code,
            ToWire(ErrorCode::kUnknownLeaderEpoch));
  request.topics[0].partitions[0].current_leader_epoch = -3;
  EXPECT_EQ(Ask(request).topics.at(0).partitions.at(0).error_code,
            ToWire(ErrorCode::kFencedLeaderEpoch));
}

TEST_F(ListOffsetsTest, APartitionNamedTwiceIsAnsweredOnceAsInvalid) {
  ListOffsetsRequest request = RequestFor("t", -1);
  auto& partitions = request.topics[0].partitions;
  partitions.push_back(partitions[0]);
  partitions.push_back(partitions[0]);
  partitions[1].timestamp = -2;
  partitions[2].partition_index = 1;
  const auto answers = Ask(request).topics.at(0).partitions;
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0].partition_index, 0);
  EXPECT_EQ(answers[0].error_code, ToWire(ErrorCode::kInvalidRequest));
  EXPECT_EQ(answers[1].partition_index, 1);
  EXPECT_EQ(answers[1].error_code, 0);
}

}  // namespace
}  // namespace gneiss::server::testing
