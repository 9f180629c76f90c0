// SPDX-License-Identifier: Apache-2.0
#include "server/telemetry/client_metric_board.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gneiss::server {
namespace {

using std::chrono::milliseconds;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using enum OtlpPoint::Kind;

class ClientMetricBoardTest : public ::testing::Test {
 protected:
  void Post(const PushingClient& client, std::vector<OtlpPoint> points) {
    board_.Post(client, points, now_);
  }
  static OtlpPoint Point(std::string metric, OtlpPoint::Kind kind, double value) {
    return {.metric = std::move(metric), .attributes = {}, .kind = kind, .value = value};
  }

  TimePoint now_{std::chrono::hours(1)};
  PushingClient client_{Uuid::Random(), "app", milliseconds(100)};
  ClientMetricBoard board_{3};
};

TEST_F(ClientMetricBoardTest, DeltasAddUpTotalsAndGaugesAreReplaced) {
  for (int i = 0; i < 2; ++i) {
    Post(client_, {Point("delta", kDelta, 5), Point("gauge", kGauge, 7 + i),
                   Point("total", kTotal, 10 * (i + 1))});
  }
  const auto shown = board_.Show(now_);
  ASSERT_THAT(shown, SizeIs(3));
  EXPECT_EQ(shown[0].metric, "delta");
  EXPECT_EQ(shown[0].value, 10);
  EXPECT_TRUE(shown[0].counter);
  EXPECT_EQ(shown[0].client_id, "app");
  EXPECT_EQ(shown[1].value, 8);
  EXPECT_FALSE(shown[1].counter);
  EXPECT_EQ(shown[2].value, 20);
}

TEST_F(ClientMetricBoardTest, WhatFindsNoRoomIsCounted) {
  const PushingClient other{Uuid::Random(), "other", milliseconds(100)};
  Post(client_, {Point("a", kGauge, 1), Point("b", kGauge, 1)});
  Post(other, {Point("a", kGauge, 1), Point("b", kGauge, 1), Point("c", kGauge, 1)});
  EXPECT_THAT(board_.Show(now_), SizeIs(3));
  EXPECT_EQ(board_.dropped(), 2u);
  Post(client_, {Point("a", kGauge, 9)});  // who is shown stays so
  EXPECT_EQ(board_.dropped(), 2u);
}

TEST_F(ClientMetricBoardTest, AClientThatMissesThreePushesIsTakenOff) {
  Post(client_, {Point("a", kGauge, 1)});
  now_ += milliseconds(300);
  EXPECT_THAT(board_.Show(now_), SizeIs(1));
  now_ += milliseconds(1);
  EXPECT_THAT(board_.Show(now_), IsEmpty());
}

}  // namespace
}  // namespace gneiss::server
