// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/api_keys.h"
#include "protocol/messages/describe_quorum.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// DescribeQuorum (key 55), versions 0-2.
//   Answers the state of the metadata quorum: this node alone (metadata/quorum_view.h). v1 when
//   voters fetched, v2 directory ids, messages and where nodes are found.
struct DescribeQuorumHandler {
  static constexpr ApiKey kKey = ApiKey::kDescribeQuorum;
  static constexpr VersionRange kVersions{0, 2};
  using Request = protocol::DescribeQuorumRequest;
  using Response = protocol::DescribeQuorumResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
