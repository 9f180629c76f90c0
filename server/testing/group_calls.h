// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "protocol/error_codes.h"
#include "protocol/messages/find_coordinator.h"
#include "protocol/messages/heartbeat.h"
#include "protocol/messages/join_group.h"
#include "protocol/messages/offset_commit.h"
#include "protocol/messages/offset_fetch.h"
#include "protocol/messages/sync_group.h"
#include "server/testing/raw_client.h"

namespace gneiss::server::testing {

// Requests about groups that many tests begin with. What fails throws.

// Makes the offsets topic, as every client's first question does.
inline void FindGroup(RawClient& client, const std::string& group = "g") {
  protocol::FindCoordinatorRequest request;
  request.coordinator_keys = {group};
  const auto response =
      client.Call<protocol::FindCoordinatorRequest, protocol::FindCoordinatorResponse>(request, 4);
  if (response.coordinators.at(0).error_code != 0) throw std::runtime_error("no coordinator");
}

inline protocol::JoinGroupRequest NewJoin(const std::string& group,
                                          const std::string& member_id = "") {
  protocol::JoinGroupRequest request;
  request.group_id = group;
  request.session_timeout_ms = 10'000;
  request.rebalance_timeout_ms = 10'000;
  request.member_id = member_id;
  request.protocol_type = "consumer";
  request.protocols = {{.name = "range", .metadata = SharedBytes::CopyOf("metadata")}};
  return request;
}

// Below version 5 there are no instance ids.
inline protocol::JoinGroupResponse Join(RawClient& client,
                                        const protocol::JoinGroupRequest& request,
                                        std::int16_t version = 9) {
  return client.Call<protocol::JoinGroupRequest, protocol::JoinGroupResponse>(request, version);
}

// A first join and, if an id is handed out, the second.
inline protocol::JoinGroupResponse Enter(RawClient& client, protocol::JoinGroupRequest request,
                                         std::int16_t version = 9) {
  auto response = Join(client, request, version);
  if (response.error_code == ToWire(protocol::ErrorCode::kMemberIdRequired)) {
    request.member_id = response.member_id;
    response = Join(client, request, version);
  }
  return response;
}

// Assigns "part of <member>" to each member that the join names: none unless it leads.
inline protocol::SyncGroupResponse Sync(RawClient& client, const std::string& group,
                                        const protocol::JoinGroupResponse& joined,
                                        std::int16_t version = 5) {
  protocol::SyncGroupRequest request;
  request.group_id = group;
  request.generation_id = joined.generation_id;
  request.member_id = joined.member_id;
  for (const auto& member : joined.members) {
    request.assignments.push_back(
        {.member_id = member.member_id,
         .assignment = SharedBytes::CopyOf("part of " + member.member_id)});
  }
  return client.Call<protocol::SyncGroupRequest, protocol::SyncGroupResponse>(request, version);
}

// A stable group of one member; returns what its join was answered.
inline protocol::JoinGroupResponse MakeStableGroup(RawClient& client, const std::string& group) {
  auto joined = Enter(client, NewJoin(group));
  const auto synced = Sync(client, group, joined);
  if (synced.error_code != 0) throw std::runtime_error("the group did not become stable");
  return joined;
}

inline std::int16_t Heartbeat(RawClient& client, const std::string& group,
                              const protocol::JoinGroupResponse& joined, std::int16_t version = 4) {
  protocol::HeartbeatRequest request;
  request.group_id = group;
  request.generation_id = joined.generation_id;
  request.member_id = joined.member_id;
  return client.Call<protocol::HeartbeatRequest, protocol::HeartbeatResponse>(request, version)
      .error_code;
}

// A commit of one partition by nobody in particular; returns its error code.
inline std::int16_t Commit(RawClient& client, const std::string& group, const std::string& topic,
                           std::int32_t partition, std::int64_t offset) {
  protocol::OffsetCommitRequest request;
  request.group_id = group;
  auto& asked = request.topics.emplace_back();
  asked.name = topic;
  asked.partitions = {{.partition_index = partition, .committed_offset = offset}};
  return client.Call<protocol::OffsetCommitRequest, protocol::OffsetCommitResponse>(request, 9)
      .topics.at(0)
      .partitions.at(0)
      .error_code;
}

// Until the groups of these names are loaded after a restart.
inline void WaitForGroups(RawClient& client, const std::vector<std::string>& groups) {
  for (const std::string& group : groups) {
    protocol::OffsetFetchRequest request;
    request.groups.emplace_back().group_id = group;
    std::int16_t error = 0;
    do {
      error = client.Call<protocol::OffsetFetchRequest, protocol::OffsetFetchResponse>(request, 8)
                  .groups.at(0)
                  .error_code;
    } while (error == ToWire(protocol::ErrorCode::kCoordinatorLoadInProgress));
    if (error != 0) throw std::runtime_error("the group is not served");
  }
}

// The committed offset, or -1.
inline std::int64_t Committed(RawClient& client, const std::string& group, const std::string& topic,
                              std::int32_t partition) {
  protocol::OffsetFetchRequest request;
  auto& asked = request.groups.emplace_back();
  asked.group_id = group;
  asked.topics->emplace_back().name = topic;
  asked.topics->back().partition_indexes = {partition};
  const auto response =
      client.Call<protocol::OffsetFetchRequest, protocol::OffsetFetchResponse>(request, 8);
  const auto& answer = response.groups.at(0);
  if (answer.error_code != 0) throw std::runtime_error("the group's offsets were not fetched");
  return answer.topics.at(0).partitions.at(0).committed_offset;
}

}  // namespace gneiss::server::testing
