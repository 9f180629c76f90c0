// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/heartbeat.h"

#include <gtest/gtest.h>

#include "protocol/error_codes.h"
#include "server/testing/group_calls.h"
#include "server/testing/in_process_broker.h"

namespace gneiss::server {
namespace {

using protocol::ErrorCode;
using testing::Heartbeat;

class HeartbeatTest : public ::testing::Test {
 protected:
  HeartbeatTest() { testing::FindGroup(client_); }

  testing::InProcessBroker broker_;
  testing::RawClient client_ = broker_.Connect();
};

TEST_F(HeartbeatTest, EveryVersionAnswersAMember) {
  const auto member = testing::MakeStableGroup(client_, "g");
  for (std::int16_t version = 0; version <= 4; ++version) {
    EXPECT_EQ(Heartbeat(client_, "g", member, version), 0) << version;
  }
}

TEST_F(HeartbeatTest, EveryVersionTellsAStrangerSo) {
  auto member = testing::MakeStableGroup(client_, "g");
  member.member_id = "stranger";
  for (std::int16_t version = 0; version <= 4; ++version) {
    EXPECT_EQ(Heartbeat(client_, "g", member, version), ToWire(ErrorCode::kUnknownMemberId));
    EXPECT_EQ(Heartbeat(client_, "other", member, version), ToWire(ErrorCode::kUnknownMemberId));
    EXPECT_EQ(Heartbeat(client_, "", member, version), ToWire(ErrorCode::kInvalidGroupId));
  }
}

TEST_F(HeartbeatTest, AnOldGenerationIsIllegal) {
  auto member = testing::MakeStableGroup(client_, "g");
  --member.generation_id;
  EXPECT_EQ(Heartbeat(client_, "g", member), ToWire(ErrorCode::kIllegalGeneration));
}

TEST_F(HeartbeatTest, AnInstanceOfAnotherMemberIsFenced) {
  protocol::JoinGroupRequest join = testing::NewJoin("g");
  join.group_instance_id = "instance";
  testing::Join(client_, join);
  protocol::HeartbeatRequest request;
  request.group_id = "g";
  request.generation_id = 1;
  request.member_id = "another";
  request.group_instance_id = "instance";
  const auto response =
      client_.Call<protocol::HeartbeatRequest, protocol::HeartbeatResponse>(request, 4);
  EXPECT_EQ(response.error_code, ToWire(ErrorCode::kFencedInstanceId));
}

}  // namespace
}  // namespace gneiss::server
