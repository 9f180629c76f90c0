// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/elect_leaders.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/error_codes.h"
#include "server/testing/in_process_broker.h"
#include "server/testing/raw_client.h"
#include "server/testing/topic_calls.h"

namespace gneiss::server {
namespace {

using protocol::ElectLeadersRequest;
using protocol::ElectLeadersResponse;
using protocol::ErrorCode;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ElectLeadersTest : public ::testing::Test {
 protected:
  ElectLeadersTest() { testing::CreateTopic(client_, "orders", 2); }

  static ElectLeadersRequest Asking(const std::string& topic,
                                    std::vector<std::int32_t> partitions) {
    ElectLeadersRequest request;
    request.topic_partitions->push_back({topic, std::move(partitions)});
    return request;
  }

  ElectLeadersResponse Call(const ElectLeadersRequest& request, std::int16_t version = 2) {
    return client_.Call<ElectLeadersRequest, ElectLeadersResponse>(request, version);
  }

  static std::vector<ErrorCode> Codes(const ElectLeadersResponse& response) {
    std::vector<ErrorCode> codes;
    for (const auto& partition : response.replica_election_results.at(0).partition_result) {
      codes.push_back(protocol::ErrorCodeFromWire(partition.error_code));
    }
    return codes;
  }

  testing::InProcessBroker broker_;
  testing::RawClient client_ = broker_.Connect();
};

TEST_F(ElectLeadersTest, EveryVersionSaysThatNoElectionIsNeeded) {
  for (std::int16_t version = 0; version <= 2; ++version) {
    SCOPED_TRACE(version);
    const ElectLeadersResponse response = Call(Asking("orders", {0, 1}), version);
    EXPECT_EQ(response.error_code, 0);
    EXPECT_THAT(Codes(response),
                ElementsAre(ErrorCode::kElectionNotNeeded, ErrorCode::kElectionNotNeeded));
  }
  ElectLeadersRequest unclean = Asking("orders", {0});
  unclean.election_type = 1;
  EXPECT_THAT(Codes(Call(unclean)), ElementsAre(ErrorCode::kElectionNotNeeded));
}

TEST_F(ElectLeadersTest, UnknownTopicsAndPartitionsAreRefusedOneByOne) {
  EXPECT_THAT(Codes(Call(Asking("orders", {7, -1, 0}))),
              ElementsAre(ErrorCode::kUnknownTopicOrPartition, ErrorCode::kUnknownTopicOrPartition,
                          ErrorCode::kElectionNotNeeded));
  EXPECT_THAT(Codes(Call(Asking("nope", {0}))), ElementsAre(ErrorCode::kUnknownTopicOrPartition));
}

TEST_F(ElectLeadersTest, AllTopicsAreNamedWithoutPartitionsThatNeedNothing) {
  ElectLeadersRequest request;
  request.topic_partitions = std::nullopt;
  const ElectLeadersResponse response = Call(request);
  ASSERT_THAT(response.replica_election_results, SizeIs(1));
  EXPECT_EQ(response.replica_election_results[0].topic, "orders");
  EXPECT_THAT(response.replica_election_results[0].partition_result, IsEmpty());
}

TEST_F(ElectLeadersTest, AnUnknownElectionTypeAndNoTimeFailTheWholeRequest) {
  ElectLeadersRequest request = Asking("orders", {0});
  request.election_type = 7;
  EXPECT_EQ(Call(request).error_code, ToWire(ErrorCode::kInvalidRequest));
  EXPECT_THAT(Codes(Call(request)), ElementsAre(ErrorCode::kInvalidRequest));
  request = Asking("orders", {0});
  request.timeout_ms = 0;
  EXPECT_EQ(Call(request).error_code, ToWire(ErrorCode::kRequestTimedOut));
  EXPECT_THAT(Codes(Call(request)), ElementsAre(ErrorCode::kRequestTimedOut));
}

}  // namespace
}  // namespace gneiss::server
