// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/api_keys.h"
#include "protocol/messages/create_partitions.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// CreatePartitions (key 37), versions 0-3.
//   The count is the new total of a topic's partitions. v2 flexible.
//   A request for more than 10000 partitions is refused with POLICY_VIOLATION, where Kafka's answer
//   is UNKNOWN_SERVER_ERROR.
struct CreatePartitionsHandler {
  static constexpr ApiKey kKey = ApiKey::kCreatePartitions;
  static constexpr VersionRange kVersions{0, 3};
  using Request = protocol::CreatePartitionsRequest;
  using Response = protocol::CreatePartitionsResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
