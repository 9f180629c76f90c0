// SPDX-License-Identifier: Apache-2.0
#include "server/api_table_text.h"

namespace gneiss::server {
namespace {

std::string RangeText(VersionRange range) {
  const std::string min = std::to_string(range.min);
  return range.min == range.max ? min : min + "-" + std::to_string(range.max);
}

}  // namespace

std::string ApiTableText(std::span<const ServedApi> apis) {
  std::string text =
      "| key | API | served | advertised | in Kafka's schema |\n"
      "|---:|---|---|---|---|\n";
  for (const ServedApi& api : apis) {
    text += "| " + std::to_string(static_cast<std::int16_t>(api.key)) + " | " +
            std::string(api.name) + " | " + RangeText(api.served) + " | " +
            RangeText(api.advertised) + " | " + RangeText(api.in_schema) + " |\n";
  }
  return text;
}

}  // namespace gneiss::server
