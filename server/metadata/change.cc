// SPDX-License-Identifier: Apache-2.0
#include "server/metadata/change.h"

#include "server/dispatch/error_mapping.h"

namespace gneiss::server {
namespace {

// Admin clients look for another controller when this one stops.
ErrorCode CodeOf(const Error& error) {
  return error.code == Errc::kShuttingDown ? ErrorCode::kNotController : ToKafka(error.code);
}

template <class Elements>
void MarkElements(Elements& elements, const Error& error) {
  for (auto& element : elements) {
    if (element.error_code != ToWire(ErrorCode::kNone)) continue;
    Refuse(element, {CodeOf(error), "The change could not be written."});
  }
}

}  // namespace

void MarkFailed(protocol::AlterConfigsResponse& response, const Error& error) {
  MarkElements(response.responses, error);
}

void MarkFailed(protocol::CreatePartitionsResponse& response, const Error& error) {
  MarkElements(response.results, error);
}

void MarkFailed(protocol::CreateTopicsResponse& response, const Error& error) {
  MarkElements(response.topics, error);
}

void MarkFailed(protocol::DeleteTopicsResponse& response, const Error& error) {
  MarkElements(response.responses, error);
}

void MarkFailed(protocol::IncrementalAlterConfigsResponse& response, const Error& error) {
  MarkElements(response.responses, error);
}

void MarkFailed(protocol::UpdateFeaturesResponse& response, const Error& error) {
  response.results.clear();
  Refuse(response, {CodeOf(error), "The change could not be written."});
}

void MarkFailed(Result<std::int64_t>& first_producer_id, const Error& error) {
  first_producer_id = std::unexpected<Error>(error);
}

}  // namespace gneiss::server
