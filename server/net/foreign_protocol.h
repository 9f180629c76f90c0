// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace gneiss::server {

// The four bytes that should have been the size of a request often name another protocol: "HTTP"
// or "TLS", or "" when they say nothing. Only for the log, where it saves somebody an hour.
std::string_view GuessProtocol(std::span<const std::byte, 4> prefix);

}  // namespace gneiss::server
