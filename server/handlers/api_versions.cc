// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/api_versions.h"

#include <algorithm>
#include <string_view>

#include "server/broker.h"
#include "server/dispatch/api_table.h"
#include "server/dispatch/error_mapping.h"
#include "server/metadata/features.h"
#include "server/metadata/metadata_source.h"

namespace gneiss::server {
namespace {

bool IsLetterOrDigit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Letters and digits, with dots and dashes inside (KIP-511).
bool IsSoftwareName(std::string_view name) {
  const auto allowed = [](char c) { return IsLetterOrDigit(c) || c == '-' || c == '.'; };
  return !name.empty() && IsLetterOrDigit(name.front()) && IsLetterOrDigit(name.back()) &&
         std::ranges::all_of(name, allowed);
}

protocol::ApiVersionsResponse::ApiVersion Advertise(const ServedApi& api) {
  return {static_cast<std::int16_t>(api.key), api.advertised.min, api.advertised.max};
}

void AddFeatures(const MetadataImage& image, std::int16_t version,
                 protocol::ApiVersionsResponse& response) {
  for (const Feature& feature : kFeatures) {
    // Clients of v3 cannot read a minimum of 0.
    if (feature.min == 0 && version < 4) continue;
    response.supported_features.push_back({std::string(feature.name), feature.min, feature.max});
  }
  response.finalized_features_epoch = image.offset().value();
  for (const auto& [name, level] : image.features()) {
    if (level > 0) response.finalized_features.push_back({name, level, level});
  }
}

}  // namespace

boost::asio::awaitable<ApiVersionsHandler::Response> ApiVersionsHandler::Handle(RequestContext& ctx,
                                                                                Request request) {
  Response response;
  if (ctx.version() >= 3) {
    if (!IsSoftwareName(request.client_software_name) ||
        !IsSoftwareName(request.client_software_version)) {
      response.error_code = ToWire(ErrorCode::kInvalidRequest);
      co_return response;
    }
    ctx.mutable_connection().client_software_name = std::move(request.client_software_name);
    ctx.mutable_connection().client_software_version = std::move(request.client_software_version);
    AddFeatures(*ctx.broker().metadata().image(), ctx.version(), response);
  }
  for (const ServedApi& api : ServedApis()) response.api_keys.push_back(Advertise(api));
  co_return response;
}

void ApiVersionsHandler::RefuseVersion(wire::Writer& out) {
  Response response;
  response.error_code = ToWire(ErrorCode::kUnsupportedVersion);
  response.api_keys.push_back({static_cast<std::int16_t>(kKey), kVersions.min, kVersions.max});
  if (const Status encoded = response.Encode(out, 0); !encoded) {
    out.Fail(encoded.error().code, encoded.error().detail);
  }
}

}  // namespace gneiss::server
