// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/api_keys.h"
#include "protocol/messages/update_features.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// UpdateFeatures (key 57), versions 0-2.
//   Raises and lowers feature levels (KIP-584, metadata/update_features_plan.h). v1 upgrade types
//   and validate-only, v2 one result for all.
struct UpdateFeaturesHandler {
  static constexpr ApiKey kKey = ApiKey::kUpdateFeatures;
  static constexpr VersionRange kVersions{0, 2};
  using Request = protocol::UpdateFeaturesRequest;
  using Response = protocol::UpdateFeaturesResponse;
  static boost::asio::awaitable<Response> Handle(RequestContext& ctx, Request request);
};

}  // namespace gneiss::server
