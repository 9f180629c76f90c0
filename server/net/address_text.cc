// SPDX-License-Identifier: Apache-2.0
#include "server/net/address_text.h"

#include <charconv>

namespace gneiss::server {

asio::ip::address Unmapped(const asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  return address;
}

std::string HostAndPort(const std::string& host, std::uint16_t port) {
  const bool brackets = host.find(':') != std::string::npos;
  return (brackets ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<HostPort> ParseHostAndPort(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  HostPort parsed;
  bool valid = colon != std::string::npos;
  if (valid) {
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, parsed.port);
    valid = error == std::errc() && stop == end;
    parsed.host = text.substr(0, colon);
  }
  if (!valid) return Fail(Errc::kInvalidArgument, text + ": expected host:port");
  if (parsed.host.starts_with('[') && parsed.host.ends_with(']')) {
    parsed.host = parsed.host.substr(1, parsed.host.size() - 2);
  }
  return parsed;
}

std::string JavaAddress(const asio::ip::address& address) {
  if (address.is_v4()) return "/" + address.to_string();
  const asio::ip::address_v6::bytes_type bytes = address.to_v6().to_bytes();
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    char group[4];
    const int value = bytes[i] << 8 | bytes[i + 1];
    const auto end = std::to_chars(group, group + sizeof group, value, 16).ptr;
    text += i == 0 ? '/' : ':';
    text.append(group, end);
  }
  return text;
}

}  // namespace gneiss::server
