// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "engine/clone/clone_point.h"
#include "protocol/base/result.h"
#include "protocol/base/uuid.h"
#include "server/config/topic_config.h"

namespace gneiss::server {

// Settings that count only when a topic is created, and are kept to tell where it came from.
inline constexpr char kCloneSourceConfig[] = "gneiss.clone.source";
inline constexpr char kCloneAtConfig[] = "gneiss.clone.at";

// A topic that begins as a clone of another one.
struct TopicClone {
  std::string source;
  Uuid source_id;
  std::string target;
  Uuid target_id;
  std::int32_t partitions = 0;
  engine::ClonePoint at;
};

// What gneiss.clone.at says: "latest" (as without it), "offset:N" or "timestamp:MS".
// kInvalidArgument with a sentence for the client.
Result<engine::ClonePoint> ParseClonePoint(const ConfigMap& configs);

}  // namespace gneiss::server
