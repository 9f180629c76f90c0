// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/api_keys.h"
#include "protocol/messages/describe_configs.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// DescribeConfigs (key 32), versions 1-4.
//   Answers every setting of a topic or of this broker with its source and, if asked, its synonyms
//   in order of precedence. Broker "" means the cluster-wide dynamic defaults alone.
//   v1 synonyms, v3 types and documentation, v4 flexible.
//   Keys asked for that do not exist are left out, as Kafka does. Groups, client metrics and
//   loggers are not served yet: INVALID_REQUEST.
struct DescribeConfigsHandler {
  static constexpr ApiKey kKey = ApiKey::kDescribeConfigs;
  static constexpr VersionRange kVersions{1, 4};
  using Request = protocol::DescribeConfigsRequest;
  using Response = protocol::DescribeConfigsResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
