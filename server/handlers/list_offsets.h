// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/messages/list_offsets.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// ListOffsets (key 2), versions 1-11.
//   Answers the first offset whose record is not older than a timestamp, or one of the log's marks:
//   -1 latest (high watermark; last stable offset for read_committed), -2 earliest, -3 the record
//   with the greatest timestamp, -4 earliest on local disk, -5 last tiered, -6 earliest pending
//   upload. Without tiered storage -4 answers as -2, -5 and -6 answer none. Lookups by time are
//   exact and run on a storage thread.
//   v2 isolation level, v4 leader epochs, v6 flexible, v7 -3, v8 -4, v9 -5, v10 timeout, v11 -6.
//   A partition that is named twice is answered once, with INVALID_REQUEST.
struct ListOffsetsHandler {
  static constexpr ApiKey kKey = ApiKey::kListOffsets;
  static constexpr VersionRange kVersions{1, 11};
  using Request = protocol::ListOffsetsRequest;
  using Response = protocol::ListOffsetsResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
