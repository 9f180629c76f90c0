// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "protocol/messages/consumer_group_heartbeat.h"
#include "server/testing/group_calls.h"
#include "server/testing/raw_client.h"

namespace gneiss::server::testing {

// Requests about groups of the new protocol (KIP-848).

// The first heartbeat of a member that reads one topic.
inline protocol::ConsumerGroupHeartbeatRequest ConsumerJoin(const std::string& group,
                                                            const std::string& member_id,
                                                            const std::string& topic) {
  protocol::ConsumerGroupHeartbeatRequest request;
  request.group_id = group;
  request.member_id = member_id;
  request.member_epoch = 0;
  request.rebalance_timeout_ms = 60'000;
  request.subscribed_topic_names = {topic};
  request.topic_partitions.emplace();
  return request;
}

inline protocol::ConsumerGroupHeartbeatResponse ConsumerBeat(
    RawClient& client, const protocol::ConsumerGroupHeartbeatRequest& request,
    std::int16_t version = 1) {
  return client
      .Call<protocol::ConsumerGroupHeartbeatRequest, protocol::ConsumerGroupHeartbeatResponse>(
          request, version);
}

}  // namespace gneiss::server::testing
