// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/messages/init_producer_id.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// InitProducerId (key 22), versions 0-5 (6 is unstable in Kafka and not advertised there either).
//   Gives an idempotent producer an id of its own, with epoch 0; an id and epoch that it had before
//   are only checked for being both there or both absent. Waits for a block of ids where Kafka
//   answers COORDINATOR_LOAD_IN_PROGRESS.
//   v2 flexible, v3 the producer's present id and epoch, v4 and v5 new error codes.
//   Transactions are not served: a transactional id is answered as one that the client may not use,
//   TRANSACTIONAL_ID_AUTHORIZATION_FAILED, which clients report at once instead of retrying.
struct InitProducerIdHandler {
  static constexpr ApiKey kKey = ApiKey::kInitProducerId;
  static constexpr VersionRange kVersions{0, 5};
  using Request = protocol::InitProducerIdRequest;
  using Response = protocol::InitProducerIdResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
