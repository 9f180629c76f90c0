// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/init_producer_id.h"

#include <glog/logging.h>

#include "server/broker.h"
#include "server/dispatch/error_mapping.h"
#include "server/producer_id_allocator.h"

namespace gneiss::server {

namespace {

using Request = InitProducerIdHandler::Request;
using Response = InitProducerIdHandler::Response;

constexpr std::int64_t kNoId = -1;
constexpr std::int16_t kNoEpoch = -1;

ErrorCode Check(const Request& request) {
  if (request.transactional_id && request.transactional_id->empty()) {
    return ErrorCode::kInvalidRequest;
  }
  if ((request.producer_id == kNoId) != (request.producer_epoch == kNoEpoch)) {
    return ErrorCode::kInvalidRequest;
  }
  if (request.transactional_id) return ErrorCode::kTransactionalIdAuthorizationFailed;
  return ErrorCode::kNone;
}

Response Refuse(ErrorCode error) {
  Response response;
  response.error_code = ToWire(error);
  response.producer_id = kNoId;
  response.producer_epoch = kNoEpoch;
  return response;
}

}  // namespace

boost::asio::awaitable<Response> InitProducerIdHandler::Handle(RequestContext& ctx,
                                                               Request request) {
  if (const ErrorCode error = Check(request); error != ErrorCode::kNone) co_return Refuse(error);
  const Result<ProducerId> id = co_await ctx.broker().producer_ids().Next();
  if (!id) {
    LOG_EVERY_T(WARNING, 10) << "no producer id error=" << id.error().detail;
    co_return Refuse(ErrorCode::kCoordinatorLoadInProgress);  // clients try again
  }
  Response response;
  response.producer_id = id->value();
  response.producer_epoch = 0;
  co_return response;
}

}  // namespace gneiss::server
