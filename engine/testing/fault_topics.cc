// SPDX-License-Identifier: Apache-2.0
#include "engine/testing/fault_topics.h"

#include <glog/logging.h>

#include <cstdint>
#include <sstream>

#include "protocol/base/shared_bytes.h"

namespace gneiss::engine::testing {

LogConfig FaultConfigOf(int partition) {
  LogConfig config;
  if (partition == 0) config.flush_messages = 1;
  if (partition == 1) config.flush_ms = 1;
  if (partition < 2) config.retention_ms = -1;  // the records' timestamps are those of 1970
  config.cleanup_compact = partition == kCleanedPartition;
  if (config.cleanup_compact) {
    config.cleanup_delete = false;
    config.min_cleanable_dirty_ratio = 0;
  }
  return config;
}

std::string CleanedValue(Offset offset) {
  return "key " + std::to_string(offset.value() % kCleanedKeys);
}

std::string TopicRecord(const Uuid& id, const std::string& name) {
  return "topic " + id.ToString() + " " + name;
}

std::string CloneRecord(const Uuid& id, const std::string& name,
                        const FaultTopics::Origin& origin) {
  std::string record = TopicRecord(id, name) + " " + origin.source.ToString();
  for (const Offset end : origin.ends) record += " " + std::to_string(end.value());
  return record;
}

std::string RemovalRecord(const Uuid& id) { return "removed " + id.ToString(); }

const Uuid& FaultTopics::WriterOf(const Uuid& id, int partition, Offset offset) const {
  const auto origin = clones.find(id);
  if (origin == clones.end()) return id;
  const Offset end = origin->second.ends.at(static_cast<std::size_t>(partition));
  return offset < end ? origin->second.source : id;
}

FaultTopics ReplayTopics(MetadataLog& metadata) {
  FaultTopics topics;
  const Status replayed = metadata.Replay([&](Offset, std::span<const std::byte> bytes) -> Status {
    std::istringstream record{std::string(AsText(bytes))};
    std::string kind, id_text, name, source;
    record >> kind >> id_text >> name >> source;
    const auto id = Uuid::Parse(id_text);
    if (!id) return Fail(Errc::kCorrupt, "no topic id in \"" + record.str() + "\"");
    if (kind == "topic") {
      topics.live.emplace(*id, name);
      if (source.empty()) return {};
      FaultTopics::Origin& origin = topics.clones[*id];
      origin.source = *Uuid::Parse(source);
      for (std::int64_t end = 0; record >> end;) origin.ends.emplace_back(end);
    } else {
      topics.live.erase(*id);
      topics.removed.insert(*id);
    }
    return {};
  });
  CHECK(replayed.has_value()) << replayed.error().detail;
  return topics;
}

std::string FaultValue(const Uuid& id, int partition, Offset offset) {
  return id.ToString() + ":" + std::to_string(partition) + ":" + std::to_string(offset.value());
}

}  // namespace gneiss::engine::testing
