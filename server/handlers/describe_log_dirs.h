// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/api_keys.h"
#include "protocol/messages/describe_log_dirs.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// DescribeLogDirs (key 35), versions 1-5.
//   Answers per log directory the sizes of the partitions in it; null topics mean all of them. What
//   is not here is left out. v2 flexible, v3 an error code for the whole, v4 space of the volume,
//   v5 cordoned directories (none here).
//   A size counts the batches from the log start to the end, not RocksDB's files.
struct DescribeLogDirsHandler {
  static constexpr ApiKey kKey = ApiKey::kDescribeLogDirs;
  static constexpr VersionRange kVersions{1, 5};
  using Request = protocol::DescribeLogDirsRequest;
  using Response = protocol::DescribeLogDirsResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
