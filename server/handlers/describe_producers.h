// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/messages/describe_producers.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// DescribeProducers (key 61), version 0.
//   Lists the idempotent producers whose state partitions keep: epoch, last sequence, last
//   timestamp, and the start of an open transaction.
struct DescribeProducersHandler {
  static constexpr ApiKey kKey = ApiKey::kDescribeProducers;
  static constexpr VersionRange kVersions{0, 0};
  using Request = protocol::DescribeProducersRequest;
  using Response = protocol::DescribeProducersResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
