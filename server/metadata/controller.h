// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <boost/asio/awaitable.hpp>

#include "protocol/base/result.h"
#include "protocol/messages/alter_configs.h"
#include "protocol/messages/alter_partition_reassignments.h"
#include "protocol/messages/create_partitions.h"
#include "protocol/messages/create_topics.h"
#include "protocol/messages/delete_topics.h"
#include "protocol/messages/describe_quorum.h"
#include "protocol/messages/elect_leaders.h"
#include "protocol/messages/incremental_alter_configs.h"
#include "protocol/messages/list_partition_reassignments.h"
#include "protocol/messages/unregister_broker.h"
#include "protocol/messages/update_features.h"

namespace gneiss::server {

// Who asks: decides which error codes and fields the answer may use.
struct ControllerRequest {
  std::int16_t version = 0;
};

// Controller takes the requests that change metadata. Standalone the LocalController serves them;
// in a cluster they go to the active KRaft controller in an Envelope. Requests and answers are
// therefore the wire's own. Standalone, an answer comes only when the records are fsynced and every
// subscriber has seen the new image.
// Threads: any loop; each call resumes its caller on the caller's executor.
class Controller {
 public:
  virtual ~Controller() = default;

  virtual boost::asio::awaitable<protocol::CreateTopicsResponse> CreateTopics(
      ControllerRequest who, protocol::CreateTopicsRequest request) = 0;
  virtual boost::asio::awaitable<protocol::DeleteTopicsResponse> DeleteTopics(
      ControllerRequest who, protocol::DeleteTopicsRequest request) = 0;
  virtual boost::asio::awaitable<protocol::CreatePartitionsResponse> CreatePartitions(
      ControllerRequest who, protocol::CreatePartitionsRequest request) = 0;
  virtual boost::asio::awaitable<protocol::IncrementalAlterConfigsResponse> IncrementalAlterConfigs(
      ControllerRequest who, protocol::IncrementalAlterConfigsRequest request) = 0;
  virtual boost::asio::awaitable<protocol::AlterConfigsResponse> AlterConfigs(
      ControllerRequest who, protocol::AlterConfigsRequest request) = 0;
  virtual boost::asio::awaitable<protocol::ElectLeadersResponse> ElectLeaders(
      ControllerRequest who, protocol::ElectLeadersRequest request) = 0;
  virtual boost::asio::awaitable<protocol::AlterPartitionReassignmentsResponse>
  AlterPartitionReassignments(ControllerRequest who,
                              protocol::AlterPartitionReassignmentsRequest request) = 0;
  virtual boost::asio::awaitable<protocol::ListPartitionReassignmentsResponse>
  ListPartitionReassignments(ControllerRequest who,
                             protocol::ListPartitionReassignmentsRequest request) = 0;
  virtual boost::asio::awaitable<protocol::DescribeQuorumResponse> DescribeQuorum(
      ControllerRequest who, protocol::DescribeQuorumRequest request) = 0;
  virtual boost::asio::awaitable<protocol::UpdateFeaturesResponse> UpdateFeatures(
      ControllerRequest who, protocol::UpdateFeaturesRequest request) = 0;
  virtual boost::asio::awaitable<protocol::UnregisterBrokerResponse> UnregisterBroker(
      ControllerRequest who, protocol::UnregisterBrokerRequest request) = 0;
  // Reserves a block of producer ids; the first of it (see kProducerIdBlockLength).
  virtual boost::asio::awaitable<Result<std::int64_t>> AllocateProducerIds() = 0;
};

inline constexpr std::int32_t kProducerIdBlockLength = 1000;

}  // namespace gneiss::server
