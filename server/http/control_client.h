// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "protocol/base/result.h"
#include "server/http/http_message.h"

namespace gneiss::server {

// Asks the broker that runs on `data_dir`, by way of its Unix socket. kNotFound: none listens
// there. Blocks for as long as the answer takes.
Result<HttpResponse> AskBroker(const std::filesystem::path& data_dir, const std::string& method,
                               const std::string& target);

}  // namespace gneiss::server
