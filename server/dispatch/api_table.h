// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "protocol/base/result.h"
#include "protocol/wire/reader.h"
#include "protocol/wire/writer.h"
#include "server/dispatch/request_context.h"
#include "server/dispatch/version_range.h"

namespace gneiss::server {

// Decodes the body at `in`, handles the request and appends the response's body to `out`. An error
// (kMalformed for a body that does not decode) closes the connection.
using ServeFunction = boost::asio::awaitable<Status> (*)(RequestContext& ctx, wire::Reader in,
                                                         wire::Writer& out);
// Writes the answer to a version that is not served. Only ApiVersions has one.
using RefuseVersionFunction = void (*)(wire::Writer& out);

// One API that this broker serves.
struct ServedApi {
  ApiKey key{};
  std::string_view name;  // Kafka's, such as "ListOffsets"
  VersionRange served{};
  VersionRange advertised{};  // what ApiVersions says; wider than `served` for Produce alone
  VersionRange in_schema{};   // what Kafka's schema defines, unstable versions included
  std::int16_t first_flexible = 0;
  ServeFunction serve = nullptr;
  RefuseVersionFunction refuse_version = nullptr;
};

// All of them by rising key: the list of handlers/handlers.h.
std::span<const ServedApi> ServedApis();

// The entry of a key in a table sorted by key, or null.
const ServedApi* FindApi(std::span<const ServedApi> apis, std::int16_t key);

}  // namespace gneiss::server
