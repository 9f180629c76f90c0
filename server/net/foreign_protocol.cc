// SPDX-License-Identifier: Apache-2.0
#include "server/net/foreign_protocol.h"

#include <algorithm>
#include <array>

#include "protocol/base/shared_bytes.h"

namespace gneiss::server {

std::string_view GuessProtocol(std::span<const std::byte, 4> prefix) {
  static constexpr std::array<std::string_view, 10> kHttpMethods = {
      "GET ", "POST", "PUT ", "HEAD", "DELE", "OPTI", "PATC", "CONN", "TRAC", "PRI "};
  if (std::ranges::find(kHttpMethods, AsText(prefix)) != kHttpMethods.end()) return "HTTP";
  // A TLS record: handshake (22), then the major version 3.
  if (prefix[0] == std::byte{22} && prefix[1] == std::byte{3}) return "TLS";
  return "";
}

}  // namespace gneiss::server
