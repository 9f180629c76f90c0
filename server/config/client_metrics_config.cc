// SPDX-License-Identifier: Apache-2.0
#include "server/config/client_metrics_config.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include <re2/re2.h>

#include "server/config/text.h"

namespace gneiss::server {
namespace {

using protocol::ErrorCode;

constexpr ConfigKey kKeys[] = {
    {"interval.ms", ConfigType::kInt, "300000", "", true, "", "How often clients push"},
    {"match", ConfigType::kList, "", "", true, "", "Patterns that clients must be like"},
    {"metrics", ConfigType::kList, "", "", true, "", "Prefixes of the metrics that clients push"},
};

constexpr std::int64_t kIntervalMsMin = 100;
constexpr std::int64_t kIntervalMsMax = 3'600'000;

constexpr std::array kFacts{kClientInstanceId,    kClientId,
                            kClientSoftwareName,  kClientSoftwareVersion,
                            kClientSourceAddress, kClientSourcePort};

std::unexpected<ConfigError> Refuse(ErrorCode code, std::string message) {
  return std::unexpected(ConfigError{code, std::move(message)});
}

const ConfigKey* FindKey(std::string_view name) {
  const auto* const found = std::ranges::find(kKeys, name, &ConfigKey::name);
  return found == std::end(kKeys) ? nullptr : found;
}

}  // namespace

std::span<const ConfigKey> ClientMetricsKeys() { return kKeys; }

ConfigResult<void> CheckClientMetrics(const ConfigMap& configs) {
  for (const auto& [name, value] : configs) {
    const ConfigKey* key = FindKey(name);
    if (key == nullptr) {
      return Refuse(ErrorCode::kInvalidRequest, "Unknown client metrics config name: " + name);
    }
    if (const Status valid = CheckConfigValue(*key, value); !valid) {
      return Refuse(ErrorCode::kInvalidConfig, valid.error().detail);
    }
    if (name == "interval.ms") {
      const std::int64_t interval = ConfigInteger(value);
      if (interval < kIntervalMsMin || interval > kIntervalMsMax) {
        return Refuse(ErrorCode::kInvalidRequest, "interval.ms must be from 100 to 3600000");
      }
    }
    if (name != "match") continue;
    if (const auto match = ClientMatch::Parse(value); !match) {
      return Refuse(ErrorCode::kInvalidConfig, match.error().detail);
    }
  }
  return {};
}

Result<ClientMatch> ClientMatch::Parse(std::string_view text) {
  ClientMatch match;
  for (const std::string_view entry : SplitList(text)) {
    const std::vector<std::string_view> sides = Split(entry, '=');
    const std::string name(Trim(sides[0]));
    if (sides.size() != 2 || std::ranges::find(kFacts, name) == kFacts.end()) {
      return Fail(Errc::kInvalidArgument,
                  "Not a pattern for clients: " + std::string(entry) + " (it is name=regex)");
    }
    re2::RE2::Options options;
    options.set_log_errors(false);
    const std::string_view pattern = Trim(sides[1]);
    auto regex =
        std::make_shared<const re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
    if (!regex->ok()) {
      return Fail(Errc::kInvalidArgument,
                  "Not a regular expression: " + std::string(entry) + ": " + regex->error());
    }
    match.patterns_[name] = std::move(regex);
  }
  return match;
}

bool ClientMatch::Matches(const ClientFacts& client) const {
  return std::ranges::all_of(patterns_, [&client](const auto& pattern) {
    const auto fact = client.find(std::string_view(pattern.first));
    return fact != client.end() && re2::RE2::FullMatch(fact->second, *pattern.second);
  });
}

ClientMetricsSubscription ResolveClientMetrics(const ConfigMap& configs) {
  ClientMetricsSubscription subscription;
  const auto text = [&configs](const char* name) {
    const auto it = configs.find(name);
    return it == configs.end() ? std::string_view() : std::string_view(it->second);
  };
  if (const std::string_view interval = text("interval.ms"); !interval.empty()) {
    subscription.interval = std::chrono::milliseconds(ConfigInteger(interval));
  }
  for (const std::string_view prefix : SplitList(text("metrics"))) {
    subscription.metrics.emplace_back(prefix);
  }
  if (auto match = ClientMatch::Parse(text("match"))) subscription.match = std::move(*match);
  return subscription;
}

}  // namespace gneiss::server
