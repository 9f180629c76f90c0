// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/messages/fetch.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// Fetch (key 1), versions 4-18.
//   Reads whole batches from many partitions, in the order of the request or session, up to
//   MaxBytes in all and PartitionMaxBytes each; the first partition with records gives at least one
//   batch. Waits up to MaxWaitMs while there are fewer than MinBytes; an error of a read ends the
//   wait. The records are slices of RocksDB's memory: nothing is copied on the way to the socket.
//   v4 isolation level, v5 log start offsets, v7 sessions (fetch/fetch_session_cache.h), v9 leader
//   epochs, v11 rack id, v12 flexible, diverging epochs and leader hints, v13 topic ids, v15 the
//   replica's state as a tag, v16 node endpoints, v17 directory ids, v18 high watermarks.
//   Where Kafka may cut the last batch at the limit, only whole ones are sent. Racks are ignored:
//   no other replica is ever preferred. Fetches of followers (replica id >= 0) are refused as by a
//   leader that does not know the replica: NOT_LEADER_OR_FOLLOWER.
struct FetchHandler {
  static constexpr ApiKey kKey = ApiKey::kFetch;
  static constexpr VersionRange kVersions{4, 18};
  using Request = protocol::FetchRequest;
  using Response = protocol::FetchResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
