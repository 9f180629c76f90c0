// SPDX-License-Identifier: Apache-2.0
#include "server/config/log_levels.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <set>

#include <glog/logging.h>
#include <glog/vlog_is_on.h>

namespace gneiss::server {
namespace {

using protocol::ErrorCode;

struct Level {
  std::string_view name;
  int severity_min;  // glog's --minloglevel
  int verbosity;     // glog's --v
};
constexpr std::array kLevels{
    Level{"TRACE", google::GLOG_INFO, 3},  Level{"DEBUG", google::GLOG_INFO, 1},
    Level{"INFO", google::GLOG_INFO, 0},   Level{"WARN", google::GLOG_WARNING, 0},
    Level{"ERROR", google::GLOG_ERROR, 0}, Level{"FATAL", google::GLOG_FATAL, 0},
};

// What was set while the process runs; null: what the flags said.
std::atomic<const Level*> set_level = nullptr;

std::unexpected<ConfigError> Refuse(ErrorCode code, std::string message) {
  return std::unexpected(ConfigError{code, std::move(message)});
}

const Level* FindLevel(std::string_view name) {
  const auto* const found = std::ranges::find(kLevels, name, &Level::name);
  return found == kLevels.end() ? nullptr : found;
}

ConfigResult<void> CheckChange(const ConfigChange& change) {
  if (change.op != static_cast<std::int8_t>(ConfigOp::kSet) &&
      change.op != static_cast<std::int8_t>(ConfigOp::kDelete)) {
    return Refuse(ErrorCode::kInvalidRequest, "The level of a logger can be set only");
  }
  if (change.name != kRootLogger) {
    return Refuse(ErrorCode::kInvalidConfig, "Logger " + change.name + " does not exist");
  }
  if (change.op == static_cast<std::int8_t>(ConfigOp::kDelete)) {
    return Refuse(ErrorCode::kInvalidRequest, "The root logger always has a level");
  }
  if (!change.value) {
    return Refuse(ErrorCode::kInvalidRequest, "Null value not supported for " + change.name);
  }
  if (FindLevel(*change.value) == nullptr) {
    return Refuse(ErrorCode::kInvalidConfig,
                  *change.value + " is no level: TRACE, DEBUG, INFO, WARN, ERROR, FATAL");
  }
  return {};
}

}  // namespace

std::string RootLogLevel() {
  if (const Level* level = set_level.load()) return std::string(level->name);
  const auto as_flags_say = [](const Level& level) {
    return level.severity_min >= FLAGS_minloglevel && level.verbosity <= FLAGS_v;
  };
  const auto* const found = std::ranges::find_if(kLevels, as_flags_say);
  return std::string(found == kLevels.end() ? kLevels.back().name : found->name);
}

ConfigResult<void> CheckLogLevels(std::span<const ConfigChange> changes) {
  std::set<std::string_view> seen;
  for (const ConfigChange& change : changes) {
    if (!seen.insert(change.name).second) {
      return Refuse(ErrorCode::kInvalidRequest, "Config " + change.name + " is named twice");
    }
    if (auto valid = CheckChange(change); !valid) return valid;
  }
  return {};
}

void SetLogLevels(std::span<const ConfigChange> changes) {
  for (const ConfigChange& change : changes) {
    const Level* level = FindLevel(*change.value);
    set_level = level;
    FLAGS_minloglevel = level->severity_min;
    google::SetVLOGLevel("*", level->verbosity);
    LOG(WARNING) << "log level changed level=" << level->name;
  }
}

}  // namespace gneiss::server
