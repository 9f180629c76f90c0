// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/base/uuid.h"

namespace gneiss::server {

struct GroupTopic {
  Uuid id;
  std::string name;
  std::int32_t partition_count = 0;
};

// GroupTopics is what a group of consumers knows of the metadata: the topics, as of one moment.
// Threads: any; nobody changes it.
class GroupTopics {
 public:
  virtual ~GroupTopics() = default;

  virtual std::optional<GroupTopic> Find(std::string_view name) const = 0;
  virtual std::optional<GroupTopic> Find(const Uuid& id) const = 0;
  virtual std::vector<std::string> Names() const = 0;  // of all topics, ascending
  // Grows with every change of the metadata.
  virtual std::int64_t version() const = 0;
};

}  // namespace gneiss::server
