// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/api_keys.h"
#include "protocol/messages/metadata.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// Metadata (key 3), versions 0-13.
//   Answers brokers, topics and the leaders of their partitions. This broker's address is the one
//   at which the client has reached it, unless advertised.listeners says otherwise. v0 an empty
//   list of topics means all; v1+ null means all and empty none. v1 controller, v2 cluster id, v4
//   whether topics may be created, v5 offline replicas, v7 leader epoch, v8 authorized operations,
//   v9 flexible, v10 topic ids in answers, v12 topics asked for by id, v13 an error code for the
//   whole. A topic that is created on the way is still answered as unknown, as Kafka does; the
//   client's next call finds it.
struct MetadataHandler {
  static constexpr ApiKey kKey = ApiKey::kMetadata;
  static constexpr VersionRange kVersions{0, 13};
  using Request = protocol::MetadataRequest;
  using Response = protocol::MetadataResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
