// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "protocol/base/result.h"
#include "server/config/broker_config.h"

namespace gneiss::server {

// The listeners of `listeners` or `advertised.listeners` ("NAME://host:port,..."), each with the
// security protocol that `listener.security.protocol.map` gives its name. `key` names the setting
// in errors. Threads: any.
Result<std::vector<ListenerConfig>> ParseListeners(std::string_view key, std::string_view value,
                                                   std::string_view protocol_map);

}  // namespace gneiss::server
