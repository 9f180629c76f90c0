// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/base/result.h"
#include "server/config/broker_config.h"

namespace gneiss::server {

// A server.properties file in Java's properties syntax: '#' and '!' comments, '=' or ':' or blank
// between key and value, a backslash at the end continues the line, \uXXXX and \t \n \r \f escapes.
// Later keys win. Errors name the file.
Result<ConfigMap> ReadPropertiesFile(const std::filesystem::path& path);

struct ParsedBrokerConfig {
  BrokerConfig config;
  std::vector<std::string> warnings;  // one line each, for the operator
};

// Turns properties (the file's, overridden by --set and flags) into a BrokerConfig. Unknown keys
// are warned about with the nearest known one. An error is one sentence that says which key, which
// value and what is allowed; also for what is not served yet (cluster mode, TLS, SASL).
Result<ParsedBrokerConfig> ParseBrokerConfig(const ConfigMap& properties);

// max.connections.per.ip.overrides, "127.0.0.1:200,10.0.0.1:5": connections by address.
Result<std::map<std::string, std::int32_t>> ParsePerIpOverrides(std::string_view text);

// Reads those settings that may change while the broker runs, and that it acts on, out of `values`,
// which have been checked; what they lack stays as it is in `config`.
void ReadDynamicSettings(const ConfigMap& values, BrokerConfig& config);

}  // namespace gneiss::server
