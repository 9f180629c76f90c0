// SPDX-License-Identifier: Apache-2.0
// The rules are tested in coordinator/group_state_test.cc; here is what the wire adds.
#include "server/handlers/offset_commit.h"

#include <string>

#include <gtest/gtest.h>

#include "protocol/error_codes.h"
#include "server/testing/group_calls.h"
#include "server/testing/in_process_broker.h"
#include "server/testing/topic_calls.h"

namespace gneiss::server {
namespace {

using protocol::ErrorCode;
using protocol::OffsetCommitRequest;
using protocol::OffsetCommitResponse;
using testing::Commit;
using testing::Committed;

class OffsetCommitTest : public ::testing::Test {
 protected:
  OffsetCommitTest() {
    orders_ = testing::CreateTopic(client_, "orders", 2);
    testing::FindGroup(client_);
  }
  OffsetCommitRequest CommitOf(std::int64_t offset, std::int16_t version = 9) {
    OffsetCommitRequest request;
    request.group_id = "g";
    auto& topic = request.topics.emplace_back();
    if (version >= 10) {
      topic.topic_id = orders_;
    } else {
      topic.name = "orders";
    }
    topic.partitions.emplace_back().committed_offset = offset;
    return request;
  }
  OffsetCommitResponse Send(const OffsetCommitRequest& request, std::int16_t version = 9) {
    return client_.Call<OffsetCommitRequest, OffsetCommitResponse>(request, version);
  }
  std::int16_t ErrorOf(const OffsetCommitRequest& request, std::int16_t version = 9) {
    return Send(request, version).topics.at(0).partitions.at(0).error_code;
  }

  testing::InProcessBroker broker_;
  testing::RawClient client_ = broker_.Connect();
  Uuid orders_;
};

TEST_F(OffsetCommitTest, EveryVersionCommits) {
  for (std::int16_t version = 2; version <= 10; ++version) {
    SCOPED_TRACE(version);
    const auto response = Send(CommitOf(100 + version, version), version);
    ASSERT_EQ(response.topics.size(), 1U);
    EXPECT_EQ(response.topics[0].name, version >= 10 ? "" : "orders");
    EXPECT_EQ(response.topics[0].topic_id, version >= 10 ? orders_ : Uuid());
    EXPECT_EQ(response.topics[0].partitions.at(0).error_code, 0);
    EXPECT_EQ(Committed(client_, "g", "orders", 0), 100 + version);
  }
}

TEST_F(OffsetCommitTest, WhatDoesNotExistIsRefusedAndTheRestIsCommitted) {
  OffsetCommitRequest request = CommitOf(5);
  request.topics[0].partitions = {{.partition_index = 7},
                                  {.partition_index = 1, .committed_offset = 5},
                                  {.partition_index = -1}};
  request.topics.emplace_back().name = "unknown";
  request.topics.back().partitions.emplace_back();
  const auto response = Send(request);
  const std::int16_t unknown = ToWire(ErrorCode::kUnknownTopicOrPartition);
  ASSERT_EQ(response.topics.size(), 2U);
  EXPECT_EQ(response.topics[0].partitions[0].error_code, unknown);
  EXPECT_EQ(response.topics[0].partitions[1].error_code, 0);
  EXPECT_EQ(response.topics[0].partitions[2].error_code, unknown);
  EXPECT_EQ(response.topics[1].partitions[0].error_code, unknown);
  EXPECT_EQ(Committed(client_, "g", "orders", 1), 5);
}

TEST_F(OffsetCommitTest, AnUnknownTopicIdIsItsOwnError) {
  OffsetCommitRequest request = CommitOf(5, 10);
  request.topics[0].topic_id = Uuid{{1, 2, 3}};
  EXPECT_EQ(ErrorOf(request, 10), ToWire(ErrorCode::kUnknownTopicId));
}

// Kafka checks topics before it asks the group, and so the group's error does not show here.
TEST_F(OffsetCommitTest, WithoutAnExistingPartitionTheGroupIsNotAsked) {
  OffsetCommitRequest request = CommitOf(5);
  request.generation_id_or_member_epoch = 7;
  request.topics[0].name = "unknown";
  EXPECT_EQ(ErrorOf(request), ToWire(ErrorCode::kUnknownTopicOrPartition));
  request.topics.clear();
  EXPECT_TRUE(Send(request).topics.empty());
}

TEST_F(OffsetCommitTest, AnUnknownGroupWithAGenerationIsNamedByTheVersion) {
  OffsetCommitRequest request = CommitOf(5);
  request.generation_id_or_member_epoch = 7;
  request.member_id = "somebody";
  EXPECT_EQ(ErrorOf(request, 8), ToWire(ErrorCode::kIllegalGeneration));
  EXPECT_EQ(ErrorOf(request, 9), ToWire(ErrorCode::kGroupIdNotFound));
}

TEST_F(OffsetCommitTest, AnEmptyGroupIdIsLegal) {
  EXPECT_EQ(Commit(client_, "", "orders", 0, 9), 0);
  EXPECT_EQ(Committed(client_, "", "orders", 0), 9);
}

TEST_F(OffsetCommitTest, ANegativeOffsetIsStoredAsGiven) {
  EXPECT_EQ(Commit(client_, "g", "orders", 0, -5), 0);
  EXPECT_EQ(Committed(client_, "g", "orders", 0), -5);
}

TEST_F(OffsetCommitTest, TheLastOfSeveralCommitsOfOnePartitionHolds) {
  OffsetCommitRequest request = CommitOf(5);
  request.topics[0].partitions = {{.committed_offset = 8}, {.committed_offset = 3}};
  EXPECT_EQ(ErrorOf(request), 0);
  EXPECT_EQ(Committed(client_, "g", "orders", 0), 3);
}

TEST_F(OffsetCommitTest, MembersCommitInTheirGeneration) {
  const auto member = testing::MakeStableGroup(client_, "g");
  OffsetCommitRequest request = CommitOf(5);
  EXPECT_EQ(ErrorOf(request), ToWire(ErrorCode::kUnknownMemberId));
  request.member_id = member.member_id;
  request.generation_id_or_member_epoch = member.generation_id;
  EXPECT_EQ(ErrorOf(request), 0);
  request.generation_id_or_member_epoch = member.generation_id + 1;
  EXPECT_EQ(ErrorOf(request), ToWire(ErrorCode::kIllegalGeneration));
}

TEST_F(OffsetCommitTest, TheBoundOfMetadataIsConfigured) {
  testing::InProcessBroker broker({.properties = {{"offset.metadata.max.bytes", "3"}}});
  client_ = broker.Connect();
  testing::CreateTopic(client_, "orders", 1);
  testing::FindGroup(client_);
  OffsetCommitRequest request = CommitOf(5);
  request.topics[0].partitions[0].committed_metadata = "1234";
  EXPECT_EQ(ErrorOf(request), ToWire(ErrorCode::kOffsetMetadataTooLarge));
  request.topics[0].partitions[0].committed_metadata = "123";
  EXPECT_EQ(ErrorOf(request), 0);
}

TEST_F(OffsetCommitTest, CommitsSurviveARestart) {
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(Commit(client_, "group" + std::to_string(i), "orders", i % 2, i), 0);
  }
  broker_.Restart();
  client_ = broker_.Connect();
  for (int i = 0; i < 20; ++i) {
    const std::string group = "group" + std::to_string(i);
    testing::WaitForGroups(client_, {group});
    EXPECT_EQ(Committed(client_, group, "orders", i % 2), i);
  }
}

}  // namespace
}  // namespace gneiss::server
