// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

#include "protocol/error_codes.h"
#include "protocol/messages/error_codes_of.h"
#include "server/dispatch/api_table.h"

namespace gneiss::server {

// Decode, handle, encode: the way of every request through its handler H.
template <class H>
boost::asio::awaitable<Status> Serve(RequestContext& ctx, wire::Reader in, wire::Writer& out) {
  GNEISS_CO_ASSIGN_OR_RETURN(typename H::Request request, H::Request::Decode(in, ctx.version()));
  const typename H::Response response = co_await H::Handle(ctx, std::move(request));
  protocol::ErrorCodesOf<typename H::Response>::ForEach(response, [&ctx](std::int16_t code) {
    if (code != ToWire(protocol::ErrorCode::kNone)) ctx.CountError(code);
  });
  co_return response.Encode(out, ctx.version());
}

// Old librdkafka looks for Produce from version 0 on before it uses a newer one, so Kafka
// advertises the versions that it no longer serves, and so do we.
constexpr VersionRange AdvertisedVersions(ApiKey key, VersionRange served) {
  return key == ApiKey::kProduce ? VersionRange{0, served.max} : served;
}

constexpr std::string_view ApiName(std::string_view request_name) {
  request_name.remove_suffix(std::string_view("Request").size());
  return request_name;
}

template <class H>
constexpr ServedApi MakeServedApi() {
  static_assert(static_cast<std::int16_t>(H::kKey) == H::Request::kApiKey,
                "the handler's key is not its request's");
  static_assert(H::kVersions.min <= H::kVersions.max, "no version is served");
  static_assert(H::kVersions.min >= H::Request::kMinVersion &&
                    H::kVersions.max <= H::Request::kMaxVersion &&
                    H::kVersions.min >= H::Response::kMinVersion &&
                    H::kVersions.max <= H::Response::kMaxVersion,
                "the schema lacks a version that is served");
  ServedApi api{.key = H::kKey,
                .name = ApiName(H::Request::kName),
                .served = H::kVersions,
                .advertised = AdvertisedVersions(H::kKey, H::kVersions),
                .in_schema = {H::Request::kMinVersion, H::Request::kMaxVersion},
                .first_flexible = H::Request::kFirstFlexible,
                .serve = &Serve<H>};
  if constexpr (requires { &H::RefuseVersion; }) api.refuse_version = &H::RefuseVersion;
  return api;
}

// What the broker speaks, from one list of handler types.
template <class... Handlers>
struct HandlerList {
  static constexpr std::array<ServedApi, sizeof...(Handlers)> kApis{MakeServedApi<Handlers>()...};

  static consteval bool KeysRise() {
    for (std::size_t i = 1; i < kApis.size(); ++i) {
      if (kApis[i - 1].key >= kApis[i].key) return false;
    }
    return true;
  }
};

}  // namespace gneiss::server
