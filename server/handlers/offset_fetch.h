// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/messages/offset_fetch.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// OffsetFetch (key 9), versions 1-10.
//   Where groups have come to; offset -1 where nothing was committed, whether or not group, topic
//   or partition exist.
//   v2 all partitions of a group, and errors at the top, v5 leader epochs, v6 flexible, v7 only
//   stable offsets (there are no transactions that could make others), v8 several groups, v9
//   member ids and epochs, which only groups of the new protocol (KIP-848) check, v10 topic ids.
//   Offsets of a topic that was deleted and made anew are never seen: they belong to its old id.
struct OffsetFetchHandler {
  static constexpr ApiKey kKey = ApiKey::kOffsetFetch;
  static constexpr VersionRange kVersions{1, 10};
  using Request = protocol::OffsetFetchRequest;
  using Response = protocol::OffsetFetchResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
