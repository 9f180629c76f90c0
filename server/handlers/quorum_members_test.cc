// SPDX-License-Identifier: Apache-2.0
// UnregisterBroker, AddRaftVoter and RemoveRaftVoter: a single node stays what it is.

#include <cstdint>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "protocol/error_codes.h"
#include "protocol/messages/add_raft_voter.h"
#include "protocol/messages/remove_raft_voter.h"
#include "protocol/messages/unregister_broker.h"
#include "server/broker.h"
#include "server/testing/in_process_broker.h"
#include "server/testing/raw_client.h"
#include "server/testing/topic_calls.h"

namespace gneiss::server {
namespace {

using protocol::AddRaftVoterRequest;
using protocol::ErrorCode;
using protocol::RemoveRaftVoterRequest;
using protocol::UnregisterBrokerRequest;

class QuorumMembersTest : public ::testing::Test {
 protected:
  ErrorCode Unregister(std::int32_t broker) {
    UnregisterBrokerRequest request;
    request.broker_id = broker;
    return protocol::ErrorCodeFromWire(
        client_.Call<UnregisterBrokerRequest, protocol::UnregisterBrokerResponse>(request, 0)
            .error_code);
  }
  ErrorCode Add(const AddRaftVoterRequest& request, std::int16_t version) {
    return protocol::ErrorCodeFromWire(
        client_.Call<AddRaftVoterRequest, protocol::AddRaftVoterResponse>(request, version)
            .error_code);
  }
  ErrorCode Remove(const RemoveRaftVoterRequest& request) {
    return protocol::ErrorCodeFromWire(
        client_.Call<RemoveRaftVoterRequest, protocol::RemoveRaftVoterResponse>(request, 0)
            .error_code);
  }

  testing::InProcessBroker broker_;
  testing::RawClient client_ = broker_.Connect();
};

TEST_F(QuorumMembersTest, TheOnlyBrokerStaysAndOthersAreUnknown) {
  EXPECT_EQ(Unregister(9), ErrorCode::kBrokerIdNotRegistered);
  EXPECT_EQ(Unregister(-1), ErrorCode::kBrokerIdNotRegistered);
  EXPECT_EQ(Unregister(1), ErrorCode::kInvalidRequest);
  testing::CreateTopic(client_, "orders");  // and it serves on
}

TEST_F(QuorumMembersTest, AQuorumOfFixedSizeTakesNoVoters) {
  AddRaftVoterRequest request;
  request.voter_id = 2;
  request.voter_directory_id = Uuid::Random();
  request.listeners.push_back({"CONTROLLER", "localhost", 1});
  for (std::int16_t version = 0; version <= 1; ++version) {
    request.cluster_id = broker_.broker().cluster_id();
    EXPECT_EQ(Add(request, version), ErrorCode::kUnsupportedVersion);
    request.cluster_id = std::nullopt;
    EXPECT_EQ(Add(request, version), ErrorCode::kUnsupportedVersion);
    request.cluster_id = "another";
    EXPECT_EQ(Add(request, version), ErrorCode::kInconsistentClusterId);
  }
  request.cluster_id = std::nullopt;
  request.listeners.clear();
  EXPECT_EQ(Add(request, 1), ErrorCode::kInvalidRequest);
}

TEST_F(QuorumMembersTest, AQuorumOfFixedSizeLosesNoVoters) {
  RemoveRaftVoterRequest request;
  request.cluster_id = std::nullopt;
  request.voter_id = 1;
  request.voter_directory_id = Uuid::Random();
  EXPECT_EQ(Remove(request), ErrorCode::kUnsupportedVersion);
  request.cluster_id = "another";
  EXPECT_EQ(Remove(request), ErrorCode::kInconsistentClusterId);
  request.cluster_id = std::nullopt;
  request.voter_id = -1;
  EXPECT_EQ(Remove(request), ErrorCode::kInvalidRequest);
}

}  // namespace
}  // namespace gneiss::server
