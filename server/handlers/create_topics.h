// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/api_keys.h"
#include "protocol/messages/create_topics.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// CreateTopics (key 19), versions 2-7.
//   The controller checks and creates; the answer comes when the new partitions are served here.
//   v5 flexible, tells the counts and configs that came out; v7 topic ids.
//   A timeout of 0 or less is answered with REQUEST_TIMED_OUT and nothing is done, as Kafka does.
struct CreateTopicsHandler {
  static constexpr ApiKey kKey = ApiKey::kCreateTopics;
  static constexpr VersionRange kVersions{2, 7};
  using Request = protocol::CreateTopicsRequest;
  using Response = protocol::CreateTopicsResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
