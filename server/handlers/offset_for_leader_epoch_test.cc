// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/offset_for_leader_epoch.h"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "protocol/messages/offset_for_leader_epoch.h"
#include "server/testing/data_test.h"

namespace gneiss::server::testing {
namespace {

using protocol::OffsetForLeaderEpochRequest;
using protocol::OffsetForLeaderEpochResponse;

class OffsetForLeaderEpochTest : public DataTest {
 protected:
  using End = OffsetForLeaderEpochResponse::EpochEndOffset;

  OffsetForLeaderEpochTest() { CreateTopic("t", 2); }

  End Ask(std::int32_t epoch, std::int32_t current = -1, const std::string& topic = "t",
          int partition = 0, std::int16_t version = 4) {
    OffsetForLeaderEpochRequest request;
    auto& asked = request.topics.emplace_back();
    asked.topic = topic;
    auto& entry = asked.partitions.emplace_back();
    entry.partition = partition;
    entry.current_leader_epoch = current;
    entry.leader_epoch = epoch;
    const auto response =
        client_.Call<OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse>(request, version);
    EXPECT_EQ(response.topics.at(0).topic, topic);
    const End end = response.topics.at(0).partitions.at(0);
    EXPECT_EQ(end.partition, partition);
    return end;
  }
  static void Expect(const End& end, ErrorCode error, std::int32_t epoch, std::int64_t offset) {
    EXPECT_EQ(end.error_code, ToWire(error));
    EXPECT_EQ(end.leader_epoch, epoch);
    EXPECT_EQ(end.end_offset, offset);
  }
};

TEST_F(OffsetForLeaderEpochTest, TheNewestEpochEndsAtTheEndOfTheLog) {
  Append("t", {"a", "b"});
  for (std::int16_t version = 2; version <= 4; ++version) {
    Expect(Ask(0, -1, "t", 0, version), ErrorCode::kNone, 0, 2);
  }
  Expect(Ask(0, -1, "t", 1), ErrorCode::kNone, 0, 0);
}

TEST_F(OffsetForLeaderEpochTest, UnknownEpochsAreNoError) {
  Append("t", {"a"});
  Expect(Ask(3), ErrorCode::kNone, -1, -1);
  Expect(Ask(-1), ErrorCode::kNone, -1, -1);
}

TEST_F(OffsetForLeaderEpochTest, TheAskersOwnEpochIsCompared) {
  Expect(Ask(0, 0), ErrorCode::kNone, 0, 0);
  Expect(Ask(0, 5), ErrorCode::kUnknownLeaderEpoch, -1, -1);
  Expect(Ask(0, -2), ErrorCode::kFencedLeaderEpoch, -1, -1);
}

TEST_F(OffsetForLeaderEpochTest, UnknownPartitionsAreRefused) {
  Expect(Ask(0, -1, "nope"), ErrorCode::kUnknownTopicOrPartition, -1, -1);
  Expect(Ask(0, -1, "t", 9), ErrorCode::kUnknownTopicOrPartition, -1, -1);
}

}  // namespace
}  // namespace gneiss::server::testing
