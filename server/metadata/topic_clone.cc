// SPDX-License-Identifier: Apache-2.0
#include "server/metadata/topic_clone.h"

#include <charconv>
#include <string_view>
#include <utility>

namespace gneiss::server {
namespace {

constexpr std::pair<std::string_view, engine::ClonePoint::Kind> kKinds[] = {
    {"offset:", engine::ClonePoint::Kind::kOffset},
    {"timestamp:", engine::ClonePoint::Kind::kTimestamp},
};

}  // namespace

Result<engine::ClonePoint> ParseClonePoint(const ConfigMap& configs) {
  const auto given = configs.find(kCloneAtConfig);
  if (given == configs.end() || given->second == "latest") return engine::ClonePoint{};
  const std::string_view text = given->second;
  for (const auto& [word, kind] : kKinds) {
    if (!text.starts_with(word)) continue;
    engine::ClonePoint point{.kind = kind, .value = 0};
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + word.size(), end, point.value);
    if (error == std::errc() && stop == end && point.value >= 0) return point;
  }
  return Fail(Errc::kInvalidArgument, std::string(kCloneAtConfig) + "=" + given->second +
                                          ": it must be latest, offset:N or timestamp:MS.");
}

}  // namespace gneiss::server
