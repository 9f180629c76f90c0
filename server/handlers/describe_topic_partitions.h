// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/api_keys.h"
#include "protocol/messages/describe_topic_partitions.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// DescribeTopicPartitions (key 75), versions 0-0.
//   Metadata in pages: topics by name, partitions by number, at most
//   max.request.partition.size.limit partitions to a page; the cursor says where the next page
//   begins. No topics means all.
struct DescribeTopicPartitionsHandler {
  static constexpr ApiKey kKey = ApiKey::kDescribeTopicPartitions;
  static constexpr VersionRange kVersions{0, 0};
  using Request = protocol::DescribeTopicPartitionsRequest;
  using Response = protocol::DescribeTopicPartitionsResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
