// SPDX-License-Identifier: Apache-2.0
#include "server/producer_id_allocator.h"

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "server/metadata/controller.h"
#include "server/net/await_callback.h"

namespace gneiss::server {
namespace {

// A controller that answers AllocateProducerIds when the test says so, and nothing else.
class FakeController final : public Controller {
 public:
  asio::awaitable<Result<std::int64_t>> AllocateProducerIds() override {
    ++fetches;
    auto start = [this](auto done) { answer = std::move(done); };
    co_return co_await AwaitCallback<Result<std::int64_t>>(std::move(start));
  }
  asio::awaitable<protocol::CreateTopicsResponse> CreateTopics(
      ControllerRequest, protocol::CreateTopicsRequest) override {
    std::abort();
  }
  asio::awaitable<protocol::DeleteTopicsResponse> DeleteTopics(
      ControllerRequest, protocol::DeleteTopicsRequest) override {
    std::abort();
  }
  asio::awaitable<protocol::CreatePartitionsResponse> CreatePartitions(
      ControllerRequest, protocol::CreatePartitionsRequest) override {
    std::abort();
  }
  asio::awaitable<protocol::IncrementalAlterConfigsResponse> IncrementalAlterConfigs(
      ControllerRequest, protocol::IncrementalAlterConfigsRequest) override {
    std::abort();
  }
  asio::awaitable<protocol::AlterConfigsResponse> AlterConfigs(
      ControllerRequest, protocol::AlterConfigsRequest) override {
    std::abort();
  }
  asio::awaitable<protocol::ElectLeadersResponse> ElectLeaders(
      ControllerRequest, protocol::ElectLeadersRequest) override {
    std::abort();
  }
  asio::awaitable<protocol::AlterPartitionReassignmentsResponse> AlterPartitionReassignments(
      ControllerRequest, protocol::AlterPartitionReassignmentsRequest) override {
    std::abort();
  }
  asio::awaitable<protocol::ListPartitionReassignmentsResponse> ListPartitionReassignments(
      ControllerRequest, protocol::ListPartitionReassignmentsRequest) override {
    std::abort();
  }
  asio::awaitable<protocol::DescribeQuorumResponse> DescribeQuorum(
      ControllerRequest, protocol::DescribeQuorumRequest) override {
    std::abort();
  }
  asio::awaitable<protocol::UpdateFeaturesResponse> UpdateFeatures(
      ControllerRequest, protocol::UpdateFeaturesRequest) override {
    std::abort();
  }
  asio::awaitable<protocol::UnregisterBrokerResponse> UnregisterBroker(
      ControllerRequest, protocol::UnregisterBrokerRequest) override {
    std::abort();
  }

  int fetches = 0;
  std::move_only_function<void(Result<std::int64_t>)> answer;
};

class ProducerIdAllocatorTest : public ::testing::Test {
 protected:
  void Ask(int times = 1) {
    auto done = [this](std::exception_ptr, Result<ProducerId> id) {
      results_.push_back(std::move(id));
    };
    for (int i = 0; i < times; ++i) boost::asio::co_spawn(loop_, ids_.Next(), done);
    Poll();
  }
  void Answer(Result<std::int64_t> first) {
    std::exchange(controller_.answer, {})(std::move(first));
    Poll();
  }
  void Poll() {
    loop_.restart();
    loop_.poll();
  }

  boost::asio::io_context loop_{1};
  FakeController controller_;
  ProducerIdAllocator ids_{controller_};
  std::vector<Result<ProducerId>> results_;
};

TEST_F(ProducerIdAllocatorTest, OneFetchServesAllWhoWait) {
  Ask(3);
  EXPECT_EQ(controller_.fetches, 1);
  EXPECT_TRUE(results_.empty());
  Answer(5000);
  ASSERT_EQ(results_.size(), 3u);
  EXPECT_EQ(results_[0], ProducerId(5000));
  EXPECT_EQ(results_[1], ProducerId(5001));
  EXPECT_EQ(results_[2], ProducerId(5002));
}

TEST_F(ProducerIdAllocatorTest, ABlockIsUsedUpBeforeTheNextIsFetched) {
  Ask();
  Answer(0);
  Ask(kProducerIdBlockLength - 1);
  EXPECT_EQ(controller_.fetches, 1);
  EXPECT_EQ(results_.back(), ProducerId(999));
  Ask();
  EXPECT_EQ(controller_.fetches, 2);
  Answer(1000);
  EXPECT_EQ(results_.back(), ProducerId(1000));
}

TEST_F(ProducerIdAllocatorTest, MoreWaitersThanABlockHasFetchAgain) {
  Ask(kProducerIdBlockLength + 2);
  Answer(0);
  EXPECT_EQ(results_.size(), std::size_t{kProducerIdBlockLength});
  EXPECT_EQ(controller_.fetches, 2);
  Answer(7000);
  ASSERT_EQ(results_.size(), std::size_t{kProducerIdBlockLength} + 2);
  EXPECT_EQ(results_.back(), ProducerId(7001));
}

TEST_F(ProducerIdAllocatorTest, AFailedFetchFailsAllAndTheNextCallTriesAgain) {
  Ask(2);
  Answer(Fail(Errc::kStorage, "no disk"));
  ASSERT_EQ(results_.size(), 2u);
  EXPECT_FALSE(results_[0].has_value());
  EXPECT_FALSE(results_[1].has_value());
  Ask();
  EXPECT_EQ(controller_.fetches, 2);
  Answer(0);
  EXPECT_EQ(results_.back(), ProducerId(0));
}

}  // namespace
}  // namespace gneiss::server
