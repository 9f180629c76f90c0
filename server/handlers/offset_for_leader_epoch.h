// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/messages/offset_for_leader_epoch.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// OffsetForLeaderEpoch (key 23), versions 2-4.
//   Answers, for a leader epoch, the greatest known epoch that is not above it and the offset where
//   that one ended: a reader whose own log goes beyond it has diverged. Unknown epochs are answered
//   with -1 and -1, without an error.
//   v3 replica id, v4 flexible.
struct OffsetForLeaderEpochHandler {
  static constexpr ApiKey kKey = ApiKey::kOffsetForLeaderEpoch;
  static constexpr VersionRange kVersions{2, 4};
  using Request = protocol::OffsetForLeaderEpochRequest;
  using Response = protocol::OffsetForLeaderEpochResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
