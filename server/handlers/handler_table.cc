// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/handlers.h"

namespace gneiss::server {

static_assert(Handlers::KeysRise(), "handlers.h lists its handlers out of order, or one twice");

// Here every handler's Serve is compiled: no other file needs all the messages.
std::span<const ServedApi> ServedApis() { return Handlers::kApis; }

}  // namespace gneiss::server
