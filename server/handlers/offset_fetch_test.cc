// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/offset_fetch.h"

#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "protocol/error_codes.h"
#include "protocol/messages/delete_topics.h"
#include "server/testing/group_calls.h"
#include "server/testing/in_process_broker.h"
#include "server/testing/topic_calls.h"

namespace gneiss::server {
namespace {

using protocol::ErrorCode;
using protocol::OffsetFetchRequest;
using protocol::OffsetFetchResponse;

class OffsetFetchTest : public ::testing::Test {
 protected:
  OffsetFetchTest() {
    orders_ = testing::CreateTopic(client_, "orders", 2);
    testing::FindGroup(client_);
    protocol::OffsetCommitRequest request;
    request.group_id = "g";
    auto& topic = request.topics.emplace_back();
    topic.name = "orders";
    topic.partitions = {{.partition_index = 1,
                         .committed_offset = 42,
                         .committed_leader_epoch = 3,
                         .committed_metadata = "note"}};
    client_.Call<protocol::OffsetCommitRequest, protocol::OffsetCommitResponse>(request, 9);
  }

  // Of the group "g": partitions 0 and 1 of the topic, or everything. The answer is brought into
  // the form of version 8.
  OffsetFetchResponse::OffsetFetchResponseGroup Fetch(std::int16_t version, bool everything) {
    OffsetFetchRequest request;
    if (version < 8) {
      request.group_id = "g";
      if (everything) {
        request.topics = std::nullopt;
      } else {
        request.topics->push_back({.name = "orders", .partition_indexes = {0, 1}});
      }
      const auto response = Send(request, version);
      OffsetFetchResponse::OffsetFetchResponseGroup group;
      group.group_id = "g";
      group.error_code = response.error_code;
      for (const auto& topic : response.topics) {
        auto& copy = group.topics.emplace_back();
        copy.name = topic.name;
        for (const auto& p : topic.partitions) {
          copy.partitions.push_back({p.partition_index, p.committed_offset,
                                     p.committed_leader_epoch, p.metadata, p.error_code});
        }
      }
      return group;
    }
    auto& asked = request.groups.emplace_back();
    asked.group_id = "g";
    if (everything) {
      asked.topics = std::nullopt;
    } else if (version >= 10) {
      asked.topics->push_back({.name = "", .topic_id = orders_, .partition_indexes = {0, 1}});
    } else {
      asked.topics->push_back({.name = "orders", .topic_id = {}, .partition_indexes = {0, 1}});
    }
    return Send(request, version).groups.at(0);
  }
  OffsetFetchResponse Send(const OffsetFetchRequest& request, std::int16_t version) {
    return client_.Call<OffsetFetchRequest, OffsetFetchResponse>(request, version);
  }
  void DeleteOrders() {
    protocol::DeleteTopicsRequest request;
    request.topic_names = {"orders"};
    request.timeout_ms = 10'000;
    const auto response =
        client_.Call<protocol::DeleteTopicsRequest, protocol::DeleteTopicsResponse>(request, 5);
    ASSERT_EQ(response.responses.at(0).error_code, 0);
  }

  testing::InProcessBroker broker_;
  testing::RawClient client_ = broker_.Connect();
  Uuid orders_;
};

TEST_F(OffsetFetchTest, EveryVersionFetchesNamedPartitions) {
  for (std::int16_t version = 1; version <= 10; ++version) {
    SCOPED_TRACE(version);
    const auto group = Fetch(version, /*everything=*/false);
    EXPECT_EQ(group.error_code, 0);
    ASSERT_EQ(group.topics.size(), 1U);
    EXPECT_EQ(group.topics[0].name, version >= 10 ? "" : "orders");
    EXPECT_EQ(group.topics[0].topic_id, version >= 10 ? orders_ : Uuid());
    ASSERT_EQ(group.topics[0].partitions.size(), 2U);
    const auto& none = group.topics[0].partitions[0];
    EXPECT_EQ(none.committed_offset, -1);
    EXPECT_EQ(none.committed_leader_epoch, -1);
    EXPECT_EQ(none.metadata, "");
    EXPECT_EQ(none.error_code, 0);
    const auto& one = group.topics[0].partitions[1];
    EXPECT_EQ(one.partition_index, 1);
    EXPECT_EQ(one.committed_offset, 42);
    EXPECT_EQ(one.committed_leader_epoch, version >= 5 ? 3 : -1);
    EXPECT_EQ(one.metadata, "note");
  }
}

TEST_F(OffsetFetchTest, EveryVersionThatCanFetchesEverything) {
  for (std::int16_t version = 2; version <= 10; ++version) {
    SCOPED_TRACE(version);
    const auto group = Fetch(version, /*everything=*/true);
    ASSERT_EQ(group.topics.size(), 1U);
    EXPECT_EQ(group.topics[0].topic_id, version >= 10 ? orders_ : Uuid());
    ASSERT_EQ(group.topics[0].partitions.size(), 1U);
    EXPECT_EQ(group.topics[0].partitions[0].committed_offset, 42);
  }
}

TEST_F(OffsetFetchTest, WhatDoesNotExistHasNoOffsetAndNoError) {
  EXPECT_EQ(testing::Committed(client_, "unknown", "orders", 0), -1);
  EXPECT_EQ(testing::Committed(client_, "g", "unknown", 0), -1);
  EXPECT_EQ(testing::Committed(client_, "g", "orders", 99), -1);
}

TEST_F(OffsetFetchTest, AnUnknownTopicIdIsAnErrorOfItsPartitions) {
  OffsetFetchRequest request;
  auto& asked = request.groups.emplace_back();
  asked.group_id = "g";
  asked.topics->push_back({.name = "", .topic_id = Uuid{{9}}, .partition_indexes = {0, 1}});
  const auto response = Send(request, 10);
  EXPECT_EQ(response.groups.at(0).error_code, 0);
  for (const auto& partition : response.groups[0].topics.at(0).partitions) {
    EXPECT_EQ(partition.error_code, ToWire(ErrorCode::kUnknownTopicId));
    EXPECT_EQ(partition.committed_offset, -1);
  }
}

TEST_F(OffsetFetchTest, SeveralGroupsAreAnsweredInOrder) {
  OffsetFetchRequest request;
  for (const char* group : {"unknown", "g", ""}) {
    auto& asked = request.groups.emplace_back();
    asked.group_id = group;
    asked.topics = std::nullopt;
  }
  request.require_stable = true;
  const auto response = Send(request, 9);
  ASSERT_EQ(response.groups.size(), 3U);
  EXPECT_TRUE(response.groups[0].topics.empty());
  EXPECT_EQ(response.groups[1].group_id, "g");
  EXPECT_EQ(response.groups[1].topics.size(), 1U);
  EXPECT_EQ(response.groups[2].error_code, 0);
}

TEST_F(OffsetFetchTest, ErrorsOfTheGroupStandWhereTheVersionHasThem) {
  testing::InProcessBroker fresh;  // without an offsets topic there is no coordinator
  client_ = fresh.Connect();
  const std::int16_t error = ToWire(ErrorCode::kNotCoordinator);
  EXPECT_EQ(Fetch(1, false).topics.at(0).partitions.at(1).error_code, error);
  EXPECT_EQ(Fetch(2, false).error_code, error);
  EXPECT_TRUE(Fetch(2, false).topics.empty());
  EXPECT_EQ(Fetch(7, true).error_code, error);
  EXPECT_EQ(Fetch(8, false).error_code, error);
  EXPECT_TRUE(Fetch(8, false).topics.empty());
}

TEST_F(OffsetFetchTest, ADeletedTopicTakesItsOffsetsAlong) {
  DeleteOrders();
  EXPECT_EQ(testing::Committed(client_, "g", "orders", 1), -1);
  EXPECT_TRUE(Fetch(8, /*everything=*/true).topics.empty());
}

TEST_F(OffsetFetchTest, ATopicThatIsMadeAnewNeverSeesTheOldOffsets) {
  DeleteOrders();
  testing::CreateTopic(client_, "orders", 2);
  EXPECT_EQ(testing::Committed(client_, "g", "orders", 1), -1);
  broker_.Restart();
  client_ = broker_.Connect();
  testing::WaitForGroups(client_, {"g"});
  EXPECT_EQ(testing::Committed(client_, "g", "orders", 1), -1);
}

// The group's partition is deleted with everything in it; a new one is made when it is asked for.
TEST_F(OffsetFetchTest, DeletingTheOffsetsTopicForgetsAllGroups) {
  protocol::DeleteTopicsRequest request;
  request.topic_names = {"__consumer_offsets"};
  request.timeout_ms = 10'000;
  client_.Call<protocol::DeleteTopicsRequest, protocol::DeleteTopicsResponse>(request, 5);
  testing::FindGroup(client_);
  EXPECT_EQ(testing::Committed(client_, "g", "orders", 1), -1);
  EXPECT_EQ(testing::Commit(client_, "g", "orders", 1, 7), 0);
  EXPECT_EQ(testing::Committed(client_, "g", "orders", 1), 7);
}

TEST_F(OffsetFetchTest, OldOffsetsExpire) {
  testing::InProcessBroker broker({.properties = {{"offsets.retention.minutes", "1"},
                                                  {"offsets.retention.check.interval.ms", "1"}}});
  client_ = broker.Connect();
  testing::CreateTopic(client_, "orders", 1);
  testing::FindGroup(client_);
  protocol::OffsetCommitRequest request;
  request.group_id = "g";
  request.retention_time_ms = 1;
  request.topics.emplace_back().name = "orders";
  request.topics[0].partitions.emplace_back().committed_offset = 5;
  client_.Call<protocol::OffsetCommitRequest, protocol::OffsetCommitResponse>(request, 4);
  testing::Commit(client_, "kept", "orders", 0, 6);
  while (testing::Committed(client_, "g", "orders", 0) != -1) {
  }
  EXPECT_EQ(testing::Committed(client_, "kept", "orders", 0), 6);
}

}  // namespace
}  // namespace gneiss::server
