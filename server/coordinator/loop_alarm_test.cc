// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/loop_alarm.h"

#include <chrono>
#include <thread>

#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace gneiss::server {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

class LoopAlarmTest : public ::testing::Test {
 protected:
  asio::io_context loop_{1};
  int rings_ = 0;
  LoopAlarm alarm_{loop_.get_executor(), [this] { ++rings_; }};
};

TEST_F(LoopAlarmTest, RingsOnceAtItsTime) {
  const auto time = Clock::now() + std::chrono::milliseconds(20);
  alarm_.WakeAt(time);
  loop_.run();
  EXPECT_EQ(rings_, 1);
  EXPECT_GE(Clock::now(), time);
}

TEST_F(LoopAlarmTest, ANewTimeReplacesTheOld) {
  alarm_.WakeAt(Clock::now() + std::chrono::hours(1));
  alarm_.WakeAt(Clock::now());
  loop_.run();
  EXPECT_EQ(rings_, 1);
}

TEST_F(LoopAlarmTest, ACancelledAlarmDoesNotRing) {
  alarm_.WakeAt(Clock::now() + std::chrono::hours(1));
  alarm_.Cancel();
  loop_.run();
  EXPECT_EQ(rings_, 0);
}

// What the loop posts to itself waits until its handler ends; what another thread posts meanwhile
// overtakes it. The later wish must win all the same, or groups sleep until a far deadline.
TEST_F(LoopAlarmTest, TheLastWishWinsWhateverTheOrderOfThePosts) {
  asio::post(loop_, [this] {
    alarm_.WakeAt(Clock::now() + std::chrono::hours(1));
    std::thread([this] { alarm_.WakeAt(Clock::now()); }).join();
  });
  EXPECT_GT(loop_.run_for(std::chrono::seconds(10)), 0U);
  EXPECT_EQ(rings_, 1);
}

}  // namespace
}  // namespace gneiss::server
