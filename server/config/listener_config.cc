// SPDX-License-Identifier: Apache-2.0
#include "server/config/listener_config.h"

#include <charconv>
#include <optional>
#include <set>
#include <string>

#include "server/config/text.h"

namespace gneiss::server {
namespace {

std::unexpected<Error> Wrong(std::string_view key, std::string_view value, std::string_view why) {
  return Fail(Errc::kInvalidArgument,
              std::string(key) + "=" + std::string(value) + ": " + std::string(why));
}

std::optional<std::uint16_t> ParsePort(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

// The protocol of a listener's name: the map's, else the name itself.
std::string ProtocolOf(std::string_view name, std::string_view protocol_map) {
  for (const std::string_view entry : SplitList(protocol_map)) {
    const std::size_t colon = entry.find(':');
    if (colon != std::string_view::npos && EqualsIgnoringCase(Trim(entry.substr(0, colon)), name)) {
      return std::string(Trim(entry.substr(colon + 1)));
    }
  }
  return std::string(name);
}

Result<ListenerConfig> ParseListener(std::string_view key, std::string_view text,
                                     std::string_view protocol_map) {
  constexpr std::string_view kForm = "a listener is NAME://host:port, e.g. PLAINTEXT://:9092";
  const std::size_t scheme = text.find("://");
  if (scheme == std::string_view::npos || scheme == 0) return Wrong(key, text, kForm);
  std::string_view address = text.substr(scheme + 3);
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return Wrong(key, text, kForm);
  const std::optional<std::uint16_t> port = ParsePort(address.substr(colon + 1));
  if (!port) return Wrong(key, text, "the port must be a number from 0 to 65535");
  address = address.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) {
    address = address.substr(1, address.size() - 2);
  } else if (address.find(':') != std::string_view::npos) {
    return Wrong(key, text, "an IPv6 address stands in brackets, e.g. PLAINTEXT://[::1]:9092");
  }
  ListenerConfig listener;
  listener.name = text.substr(0, scheme);
  for (char& c : listener.name) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  listener.protocol = ProtocolOf(listener.name, protocol_map);
  listener.host = address;
  listener.port = *port;
  return listener;
}

}  // namespace

Result<std::vector<ListenerConfig>> ParseListeners(std::string_view key, std::string_view value,
                                                   std::string_view protocol_map) {
  std::vector<ListenerConfig> listeners;
  std::set<std::string> names;
  for (const std::string_view text : SplitList(value)) {
    GNEISS_ASSIGN_OR_RETURN(ListenerConfig listener, ParseListener(key, text, protocol_map));
    if (!names.insert(listener.name).second) {
      return Wrong(key, value, "the name " + listener.name + " stands in it twice");
    }
    listeners.push_back(std::move(listener));
  }
  return listeners;
}

}  // namespace gneiss::server
