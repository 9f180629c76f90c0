// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/messages/produce.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// Produce (key 0), versions 3-13. Advertised from 0 on: old librdkafka wants to see that.
//   Appends one record batch to each partition named. All batches are validated before the first
//   is enqueued; those that pass are enqueued in the order of the request, in one go, and only then
//   a following Produce of the connection is let in: so a producer that pipelines keeps its order.
//   acks 1 and -1 are the same with one replica: answered when the batch is committed. acks 0 gets
//   no answer; an error closes the connection, which makes the client refresh its metadata.
//   TimeoutMs bounds the wait for other replicas, of which there are none: a batch that is handed
//   to the log is answered as it turns out.
//   v5 log start offset, v7 zstd, v8 record errors and messages, v9 flexible, v10 leader hints,
//   v11 and v12 transaction codes, v13 topic ids.
//   Transactions are not served: a request with a transactional batch is answered as one whose
//   transactional id the client may not use (TRANSACTIONAL_ID_AUTHORIZATION_FAILED).
//   A partition that is named twice in a topic is written and answered once, by its last entry.
struct ProduceHandler {
  static constexpr ApiKey kKey = ApiKey::kProduce;
  static constexpr VersionRange kVersions{3, 13};
  using Request = protocol::ProduceRequest;
  using Response = protocol::ProduceResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
