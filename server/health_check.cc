// SPDX-License-Identifier: Apache-2.0
#include "server/health_check.h"

#include <chrono>
#include <cstdint>

#include "protocol/messages/metadata.h"
#include "server/net/address_text.h"
#include "server/net/blocking_client.h"

namespace gneiss::server {
namespace {

constexpr std::chrono::seconds kPatience{5};
constexpr std::int16_t kMetadataVersion = 12;

HostPort TargetOf(const BrokerConfig& config) {
  const ListenerConfig& listener = config.listeners.front();
  const bool any = listener.host.empty() || listener.host == "0.0.0.0" || listener.host == "::";
  return {any ? "127.0.0.1" : listener.host, listener.port};
}

}  // namespace

Status CheckHealth(const BrokerConfig& config, const std::string& address) {
  HostPort target = TargetOf(config);
  if (!address.empty()) {
    const Result<HostPort> parsed = ParseHostAndPort(address);
    if (!parsed || parsed->port == 0) {
      return Fail(Errc::kInvalidArgument, "--address=" + address + ": expected host:port");
    }
    target = *parsed;
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
