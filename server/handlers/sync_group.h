// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/messages/sync_group.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// SyncGroup (key 14), versions 0-5.
//   Brings the leader's assignment, and answers each member with its part once it is durable.
//   v3 static members, v4 flexible, v5 protocol type and name, checked when given.
struct SyncGroupHandler {
  static constexpr ApiKey kKey = ApiKey::kSyncGroup;
  static constexpr VersionRange kVersions{0, 5};
  using Request = protocol::SyncGroupRequest;
  using Response = protocol::SyncGroupResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
