// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/api_keys.h"
#include "protocol/messages/add_raft_voter.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// AddRaftVoter (key 80), versions 0-1.
//   A single node is a quorum of fixed size: after the checks of the request UNSUPPORTED_VERSION,
//   as from Kafka at kraft.version 0. v1 when to acknowledge.
struct AddRaftVoterHandler {
  static constexpr ApiKey kKey = ApiKey::kAddRaftVoter;
  static constexpr VersionRange kVersions{0, 1};
  using Request = protocol::AddRaftVoterRequest;
  using Response = protocol::AddRaftVoterResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
