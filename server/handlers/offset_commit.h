// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/messages/offset_commit.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// OffsetCommit (key 8), versions 2-10.
//   Stores where a group has come to; answered when that is durable.
//   v2-4 a retention time of the client's own, v6 leader epochs, v7 static members, v8 flexible,
//   v9 an unknown group is GROUP_ID_NOT_FOUND (before, ILLEGAL_GENERATION), and members of the new
//   protocol (KIP-848) may commit (before, UNSUPPORTED_VERSION), v10 topic ids.
//   Topics and partitions are checked first: a request without any that exist never reaches the
//   group.
struct OffsetCommitHandler {
  static constexpr ApiKey kKey = ApiKey::kOffsetCommit;
  static constexpr VersionRange kVersions{2, 10};
  using Request = protocol::OffsetCommitRequest;
  using Response = protocol::OffsetCommitResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
