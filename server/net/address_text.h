// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include <boost/asio/ip/address.hpp>

#include "protocol/base/result.h"

namespace gneiss::server {

namespace asio = boost::asio;

// An IPv4 address that reached a dual-stack socket as ::ffff:a.b.c.d, as a.b.c.d; others as is.
asio::ip::address Unmapped(const asio::ip::address& address);

// "127.0.0.1:9092" or "[::1]:9092".
std::string HostAndPort(const std::string& host, std::uint16_t port);

// The other way. kInvalidArgument: the text is not of that form. The host may be empty.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};
Result<HostPort> ParseHostAndPort(const std::string& text);

// As Java prints a peer's address, which is what Kafka's tools show for group members:
// "/127.0.0.1" or "/0:0:0:0:0:0:0:1".
std::string JavaAddress(const asio::ip::address& address);

}  // namespace gneiss::server
