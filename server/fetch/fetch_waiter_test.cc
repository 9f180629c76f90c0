// SPDX-License-Identifier: Apache-2.0
#include "server/fetch/fetch_waiter.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "server/dispatch/request_context.h"
#include "server/metrics/loop_metrics.h"
#include "server/testing/fake_partition_log.h"

namespace gneiss::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using testing::FakePartitionLog;
using Wake = FetchWaiter::Wake;

// A request whose connection the test closes.
class FakeContext final : public RequestContext {
 public:
  explicit FakeContext(boost::asio::any_io_executor loop) : loop_(std::move(loop)) {}

  void Close() {
    closed_ = true;
    if (on_close_) std::exchange(on_close_, {})();
  }

  ApiKey api_key() const override { return ApiKey::kFetch; }
  std::int16_t version() const override { return 12; }
  const std::string& client_id() const override { return client_id_; }
  const ConnectionInfo& connection() const override { return connection_; }
  ConnectionInfo& mutable_connection() override { return connection_; }
  TimePoint received_at() const override { return {}; }
  boost::asio::any_io_executor executor() const override { return loop_; }
  Broker& broker() const override { std::abort(); }
  LoopMetrics& metrics() const override { return metrics_; }
  void CountError(std::int16_t) override {}
  void Admit() override {}
  void SuppressResponse() override {}
  void CloseConnection(std::string) override {}
  bool closed() const override { return closed_; }
  void OnClose(std::move_only_function<void()> wake) override { on_close_ = std::move(wake); }

 private:
  const boost::asio::any_io_executor loop_;
  const std::string client_id_;
  ConnectionInfo connection_;
  mutable LoopMetrics metrics_{{}};
  bool closed_ = false;
  std::move_only_function<void()> on_close_;
};

class FetchWaiterTest : public ::testing::Test {
 protected:
  // Parks a fetch that saw the log's present end, and runs until it waits.
  void Park(std::size_t bytes, std::chrono::nanoseconds time) {
    const TimePoint deadline = Clock::System().Now() + time;
    auto done = [this](std::exception_ptr, Wake wake) { wake_ = wake; };
    boost::asio::co_spawn(loop_, Run(*this, bytes, deadline), std::move(done));
    loop_.poll();
  }
  static boost::asio::awaitable<Wake> Run(FetchWaiterTest& test, std::size_t bytes,
                                          TimePoint deadline) {
    FetchWaiter waiter(test.ctx_, Clock::System());
    waiter.Watch(test.log_, test.log_->offsets().high_watermark);
    waiter.Watch(test.other_, test.other_->offsets().high_watermark);
    co_return co_await waiter.Wait(bytes, deadline);
  }
  // Sees the end of the log before a batch comes and begins to watch after it.
  static boost::asio::awaitable<Wake> RunLate(FetchWaiterTest& test) {
    FetchWaiter waiter(test.ctx_, Clock::System());
    const Offset seen = test.log_->offsets().high_watermark;
    test.log_->Put();
    waiter.Watch(test.log_, seen);
    co_return co_await waiter.Wait(1, Clock::System().Now() + minutes(10));
  }
  std::optional<Wake> Poll() {
    loop_.restart();
    loop_.poll();
    return wake_;
  }

  boost::asio::io_context loop_{1};
  FakeContext ctx_{loop_.get_executor()};
  std::shared_ptr<FakePartitionLog> log_ =
      std::make_shared<FakePartitionLog>(TopicPartition{"t", PartitionId(0)});
  std::shared_ptr<FakePartitionLog> other_ =
      std::make_shared<FakePartitionLog>(TopicPartition{"t", PartitionId(1)});
  std::optional<Wake> wake_;
};

TEST_F(FetchWaiterTest, AnyRecordWakesAFetchOfOneByte) {
  Park(1, minutes(10));
  EXPECT_EQ(Poll(), std::nullopt);
  other_->Put();
  EXPECT_EQ(Poll(), Wake::kRead);
  EXPECT_EQ(log_->watchers() + other_->watchers(), 0u) << "the logs have forgotten it";
}

TEST_F(FetchWaiterTest, BatchesAreAddedUpOverPartitionsUntilThereAreEnough) {
  Park(1000, minutes(10));
  log_->Put(1, 300);
  EXPECT_EQ(Poll(), std::nullopt);
  other_->Put(1, 300);
  EXPECT_EQ(Poll(), std::nullopt);
  log_->Put(1, 300);
  EXPECT_EQ(Poll(), Wake::kRead);
}

// The limit of a count is a batch border, too: what did not fit is counted next.
TEST_F(FetchWaiterTest, BatchesThatComeTogetherAreAllCounted) {
  Park(1000, minutes(10));
  log_->Put(1, 600);
  log_->Put(1, 600);
  EXPECT_EQ(Poll(), Wake::kRead);
}

TEST_F(FetchWaiterTest, RecordsThatCameBeforeTheWatchEndTheWaitAtOnce) {
  auto done = [this](std::exception_ptr, Wake wake) { wake_ = wake; };
  boost::asio::co_spawn(loop_, RunLate(*this), std::move(done));
  EXPECT_EQ(Poll(), Wake::kRead);
}

TEST_F(FetchWaiterTest, WhatIsInAFileIsForANewPassToCount) {
  Park(1000, minutes(10));
  log_->SetMemoryFrom(Offset(1));
  log_->Put(1, 10);
  EXPECT_EQ(Poll(), Wake::kRead);
}

TEST_F(FetchWaiterTest, TheDeadlineEndsTheWait) {
  Park(1, milliseconds(1));
  loop_.restart();
  loop_.run();  // returns when nothing is left to wait for
  EXPECT_EQ(wake_, Wake::kTimeUp);
}

TEST_F(FetchWaiterTest, ADeletedLogEndsTheWait) {
  Park(1, minutes(10));
  log_->Close();
  EXPECT_EQ(Poll(), Wake::kLost);
}

TEST_F(FetchWaiterTest, AClosedConnectionReleasesItsFetch) {
  Park(1, minutes(10));
  ctx_.Close();
  EXPECT_EQ(Poll(), Wake::kTimeUp);
  EXPECT_EQ(log_->watchers() + other_->watchers(), 0u);
}

TEST_F(FetchWaiterTest, ACallFromAnotherThreadIsPostedToTheLoop) {
  Park(1, minutes(10));
  std::thread writer([this] { log_->Put(); });
  loop_.restart();
  loop_.run();
  writer.join();
  EXPECT_EQ(wake_, Wake::kRead);
}

}  // namespace
}  // namespace gneiss::server
