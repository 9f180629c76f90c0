// SPDX-License-Identifier: Apache-2.0
#include "server/dispatch/api_table.h"

#include <algorithm>

namespace gneiss::server {

const ServedApi* FindApi(std::span<const ServedApi> apis, std::int16_t key) {
  const auto key_of = [](const ServedApi& api) { return static_cast<std::int16_t>(api.key); };
  const auto found = std::ranges::lower_bound(apis, key, {}, key_of);
  return found != apis.end() && key_of(*found) == key ? &*found : nullptr;
}

}  // namespace gneiss::server
