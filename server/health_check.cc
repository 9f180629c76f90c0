// SPDX-License-Identifier: Apache-2.0
#include "server/health_check.h"

#include <charconv>
#include <chrono>
#include <cstdint>
#include <utility>

#include "protocol/messages/metadata.h"
#include "server/net/address_text.h"
#include "server/net/blocking_client.h"

namespace gneiss::server {
namespace {

constexpr std::chrono::seconds kPatience{5};
constexpr std::int16_t kMetadataVersion = 12;

struct Target {
  std::string host;
  std::uint16_t port = 0;
};

Result<Target> ParseTarget(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  Target target;
  if (colon != std::string::npos) {
    target.host = address.substr(0, colon);
    const char* const end = address.data() + address.size();
    const auto [parsed, error] = std::from_chars(address.data() + colon + 1, end, target.port);
    if (error != std::errc() || parsed != end) target.port = 0;
  }
  if (target.port == 0) {
    return Fail(Errc::kInvalidArgument, "--address=" + address + ": expected host:port");
  }
  if (target.host.starts_with('[') && target.host.ends_with(']')) {
    target.host = target.host.substr(1, target.host.size() - 2);
  }
  return target;
}

Target TargetOf(const BrokerConfig& config) {
  const ListenerConfig& listener = config.listeners.front();
  const bool any = listener.host.empty() || listener.host == "0.0.0.0" || listener.host == "::";
  return {any ? "127.0.0.1" : listener.host, listener.port};
}

}  // namespace

Status CheckHealth(const BrokerConfig& config, const std::string& address) {
  Target target = TargetOf(config);
  if (!address.empty()) {
    GNEISS_ASSIGN_OR_RETURN(target, ParseTarget(address));
  }
  protocol::MetadataRequest request;
  request.topics.emplace();  // none, as opposed to all
  request.allow_auto_topic_creation = false;
  auto client = BlockingClient::Connect(target.host, target.port, kPatience);
  Result<protocol::MetadataResponse> answer =
      client ? client->Call<protocol::MetadataRequest, protocol::MetadataResponse>(request,
                                                                                   kMetadataVersion)
             : std::unexpected(client.error());
  if (answer) return {};
  return Fail(answer.error().code, "no broker answers on " + HostAndPort(target.host, target.port) +
                                       ": " + answer.error().detail);
}

}  // namespace gneiss::server
