// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/base/result.h"
#include "server/config/config_change.h"
#include "server/config/config_schema.h"

namespace re2 {
class RE2;
}

namespace gneiss::server {

// The settings of a client metrics subscription (KIP-714), sorted by name. Threads: any.
std::span<const ConfigKey> ClientMetricsKeys();

// Names, values and patterns of a subscription's own settings.
ConfigResult<void> CheckClientMetrics(const ConfigMap& configs);

// What a client tells of itself, by the name that a pattern may use for it.
inline constexpr std::string_view kClientInstanceId = "client_instance_id";
inline constexpr std::string_view kClientId = "client_id";
inline constexpr std::string_view kClientSoftwareName = "client_software_name";
inline constexpr std::string_view kClientSoftwareVersion = "client_software_version";
inline constexpr std::string_view kClientSourceAddress = "client_source_address";
inline constexpr std::string_view kClientSourcePort = "client_source_port";
using ClientFacts = std::map<std::string_view, std::string>;

// ClientMatch is a parsed `match`: patterns that the whole of each fact must be like; all of them
// must hold. Without patterns every client matches. Threads: any (immutable).
class ClientMatch {
 public:
  // "client_id=app-.*,client_software_name=librdkafka". Errors: kInvalidArgument.
  static Result<ClientMatch> Parse(std::string_view text);

  bool Matches(const ClientFacts& client) const;

 private:
  std::map<std::string, std::shared_ptr<const re2::RE2>, std::less<>> patterns_;
};

// A subscription's settings in force.
struct ClientMetricsSubscription {
  std::chrono::milliseconds interval{300'000};
  std::vector<std::string> metrics;  // name prefixes; "*": all
  ClientMatch match;
};
// `configs` have passed CheckClientMetrics.
ClientMetricsSubscription ResolveClientMetrics(const ConfigMap& configs);

}  // namespace gneiss::server
