// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/messages/delete_records.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// DeleteRecords (key 21), versions 0-2.
//   Moves the log start of partitions forward; what is below is invisible at once and its space is
//   given back in the background. -1 stands for the high watermark. An offset below the present
//   start changes nothing. Answers when the new start is durable.
//   v2 flexible. TimeoutMs bounds the wait for other replicas, of which there are none.
//   Topics that are only compacted are refused (POLICY_VIOLATION), internal ones too
//   (INVALID_TOPIC_EXCEPTION).
struct DeleteRecordsHandler {
  static constexpr ApiKey kKey = ApiKey::kDeleteRecords;
  static constexpr VersionRange kVersions{0, 2};
  using Request = protocol::DeleteRecordsRequest;
  using Response = protocol::DeleteRecordsResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
