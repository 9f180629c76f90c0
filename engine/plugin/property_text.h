// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gneiss::engine {

// The value of a file property of ours (engine/batch_properties.h) in words. Nothing for another.
std::optional<std::string> PropertyText(std::string_view name, std::string_view value);

}  // namespace gneiss::engine
