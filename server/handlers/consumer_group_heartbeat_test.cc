// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/consumer_group_heartbeat.h"

#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "server/testing/consumer_group_calls.h"
#include "server/testing/in_process_broker.h"
#include "server/testing/topic_calls.h"

namespace gneiss::server {
namespace {

using protocol::ErrorCode;
using testing::ConsumerBeat;
using testing::ConsumerJoin;
using Request = protocol::ConsumerGroupHeartbeatRequest;

class ConsumerGroupHeartbeatTest : public ::testing::Test {
 protected:
  ConsumerGroupHeartbeatTest() {
    testing::FindGroup(client_);
    testing::CreateTopic(client_, "orders", 4);
  }

  protocol::ConsumerGroupHeartbeatResponse Send(const Request& request, std::int16_t version = 1) {
    return ConsumerBeat(client_, request, version);
  }
  // The code of a first heartbeat that was changed.
  std::int16_t ErrorOf(const std::function<void(Request&)>& change) {
    Request request = ConsumerJoin("g", "m1", "orders");
    change(request);
    return Send(request).error_code;
  }

  testing::InProcessBroker broker_;
  testing::RawClient client_ = broker_.Connect();
};

TEST_F(ConsumerGroupHeartbeatTest, EveryVersionJoinsStaysAndLeaves) {
  for (std::int16_t version = 0; version <= 1; ++version) {
    const std::string group = "g" + std::to_string(version);
    const auto joined = Send(ConsumerJoin(group, "m1", "orders"), version);
    EXPECT_EQ(joined.error_code, 0);
    EXPECT_EQ(joined.member_id, "m1");
    EXPECT_EQ(joined.member_epoch, 2);
    EXPECT_EQ(joined.heartbeat_interval_ms, 5'000);
    ASSERT_TRUE(joined.assignment.has_value());
    ASSERT_EQ(joined.assignment->topic_partitions.size(), 1U);
    EXPECT_EQ(joined.assignment->topic_partitions[0].partitions.size(), 4U);

    Request beat;
    beat.group_id = group;
    beat.member_id = "m1";
    beat.member_epoch = 2;
    EXPECT_FALSE(Send(beat, version).assignment.has_value());
    beat.member_epoch = -1;
    EXPECT_EQ(Send(beat, version).member_epoch, -1);
    beat.member_epoch = 2;
    EXPECT_EQ(Send(beat, version).error_code, ToWire(ErrorCode::kUnknownMemberId));
  }
}

TEST_F(ConsumerGroupHeartbeatTest, Version0GivesAnIdToWhoHasNone) {
  const auto joined = Send(ConsumerJoin("g", "", "orders"), 0);
  EXPECT_EQ(joined.error_code, 0);
  EXPECT_EQ(joined.member_id.value_or("").size(), 22U);  // a uuid's text
  EXPECT_EQ(Send(ConsumerJoin("g", "", "orders"), 1).error_code,
            ToWire(ErrorCode::kInvalidRequest));
}

TEST_F(ConsumerGroupHeartbeatTest, AFirstHeartbeatSaysEverything) {
  const std::int16_t invalid = ToWire(ErrorCode::kInvalidRequest);
  EXPECT_EQ(ErrorOf([](Request& r) { r.rebalance_timeout_ms = -1; }), invalid);
  EXPECT_EQ(ErrorOf([](Request& r) { r.subscribed_topic_names.reset(); }), invalid);
  EXPECT_EQ(ErrorOf([](Request& r) { r.topic_partitions.reset(); }), invalid);
  EXPECT_EQ(ErrorOf([](Request& r) { r.topic_partitions->emplace_back(); }), invalid);
  EXPECT_EQ(ErrorOf([](Request& r) { r.group_id = ""; }), invalid);
  EXPECT_EQ(ErrorOf([](Request& r) { r.instance_id = ""; }), invalid);
  EXPECT_EQ(ErrorOf([](Request& r) { r.rack_id = ""; }), invalid);
  EXPECT_EQ(ErrorOf([](Request& r) { r.member_epoch = -3; }), invalid);
  EXPECT_EQ(ErrorOf([](Request& r) { r.member_epoch = -2; }), invalid);
  EXPECT_EQ(
      ErrorOf([](Request& r) { r.subscribed_topic_names->assign(2000, std::string(249, 't')); }),
      invalid);
  EXPECT_EQ(ErrorOf([](Request& r) { r.server_assignor = "none"; }),
            ToWire(ErrorCode::kUnsupportedAssignor));
  EXPECT_EQ(ErrorOf([](Request& r) { r.server_assignor = "range"; }), 0);
}

TEST_F(ConsumerGroupHeartbeatTest, ErrorsCarryTheirReason) {
  Request beat;
  beat.group_id = "nobody";
  beat.member_id = "m1";
  beat.member_epoch = 5;
  const auto answer = Send(beat);
  EXPECT_EQ(answer.error_code, ToWire(ErrorCode::kGroupIdNotFound));
  EXPECT_EQ(answer.error_message, "Consumer group nobody not found.");
  Send(ConsumerJoin("g", "m1", "orders"));
  beat.group_id = "g";
  EXPECT_EQ(Send(beat).error_code, ToWire(ErrorCode::kFencedMemberEpoch));
}

TEST_F(ConsumerGroupHeartbeatTest, PartitionsThatAreNotHeldDoNoHarm) {
  Send(ConsumerJoin("g", "m1", "orders"));
  Request beat;
  beat.group_id = "g";
  beat.member_id = "m1";
  beat.member_epoch = 2;
  auto& owned = beat.topic_partitions.emplace();
  owned.push_back({.topic_id = Uuid{{9}}, .partitions = {-1, 7, 7, 2'147'483'647}});
  owned.push_back({.topic_id = Uuid{{9}}, .partitions = {7}});
  EXPECT_EQ(Send(beat).error_code, 0);
}

}  // namespace
}  // namespace gneiss::server
