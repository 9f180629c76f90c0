// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/messages/consumer_group_describe.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// ConsumerGroupDescribe (key 69), versions 0-1.
//   Epochs, members, subscriptions and assignments of groups of the new protocol (KIP-848); other
//   groups are GROUP_ID_NOT_FOUND.
//   v1 tells members of the classic protocol from the others.
struct ConsumerGroupDescribeHandler {
  static constexpr ApiKey kKey = ApiKey::kConsumerGroupDescribe;
  static constexpr VersionRange kVersions{0, 1};
  using Request = protocol::ConsumerGroupDescribeRequest;
  using Response = protocol::ConsumerGroupDescribeResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
