// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/api_keys.h"
#include "protocol/messages/delete_topics.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// DeleteTopics (key 20), versions 1-6.
//   The controller removes the topics; their space is given back in the background.
//   v4 flexible, v5 messages, v6 topics by id as well as by name.
//   A timeout of 0 or less is answered with REQUEST_TIMED_OUT and nothing is done, as Kafka does.
struct DeleteTopicsHandler {
  static constexpr ApiKey kKey = ApiKey::kDeleteTopics;
  static constexpr VersionRange kVersions{1, 6};
  using Request = protocol::DeleteTopicsRequest;
  using Response = protocol::DeleteTopicsResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
