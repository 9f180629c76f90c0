// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/api_keys.h"
#include "protocol/messages/remove_raft_voter.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// RemoveRaftVoter (key 81), version 0.
//   A single node is a quorum of fixed size: after the checks of the request UNSUPPORTED_VERSION,
//   as from Kafka at kraft.version 0.
struct RemoveRaftVoterHandler {
  static constexpr ApiKey kKey = ApiKey::kRemoveRaftVoter;
  static constexpr VersionRange kVersions{0, 0};
  using Request = protocol::RemoveRaftVoterRequest;
  using Response = protocol::RemoveRaftVoterResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
