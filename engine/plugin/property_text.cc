// SPDX-License-Identifier: Apache-2.0
#include "engine/plugin/property_text.h"

#include <charconv>

#include "engine/batch_properties.h"
#include "engine/plugin/batch_text.h"

namespace gneiss::engine {

std::optional<std::string> PropertyText(std::string_view name, std::string_view value) {
  if (!name.starts_with("gneiss.")) return std::nullopt;
  if (name != kMaxTimestampProperty) return std::string(value);
  TimestampMs timestamp = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), timestamp);
  if (error != std::errc()) return QuotedText(value);
  return std::string(value) + " (" + TimeText(timestamp) + ")";
}

}  // namespace gneiss::engine
