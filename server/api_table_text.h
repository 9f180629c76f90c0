// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "server/dispatch/api_table.h"

namespace gneiss::server {

// The served APIs and versions as a table in Markdown, for docs/protocol-support.md.
std::string ApiTableText(std::span<const ServedApi> apis);

}  // namespace gneiss::server
