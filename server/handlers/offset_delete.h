// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/messages/offset_delete.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// OffsetDelete (key 47), version 0.
//   Removes offsets of partitions whose topics no member of the group subscribes to.
struct OffsetDeleteHandler {
  static constexpr ApiKey kKey = ApiKey::kOffsetDelete;
  static constexpr VersionRange kVersions{0, 0};
  using Request = protocol::OffsetDeleteRequest;
  using Response = protocol::OffsetDeleteResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
