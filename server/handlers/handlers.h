// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/dispatch/handler_list.h"
#include "server/handlers/api_versions.h"

namespace gneiss::server {

// What this broker speaks, by rising key. Dispatch, ApiVersions and docs/protocol-support.md all
// derive from this list; serving one more API is one more line here.
using Handlers = HandlerList<  //
    ApiVersionsHandler         //
    >;

}  // namespace gneiss::server
