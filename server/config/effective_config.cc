// SPDX-License-Identifier: Apache-2.0
#include "server/config/effective_config.h"

#include <utility>

#include "server/config/text.h"

namespace gneiss::server {
namespace {

constexpr std::int64_t kMsPerMinute = 60'000;
constexpr std::int64_t kMsPerHour = 3'600'000;

// A broker setting that stands in for a topic's, in a unit of its own.
struct ScaledSynonym {
  std::string_view topic_key;
  std::string_view broker_key;
  std::int64_t factor_ms;
};
constexpr ScaledSynonym kScaledSynonyms[] = {
    {"retention.ms", "log.retention.minutes", kMsPerMinute},
    {"retention.ms", "log.retention.hours", kMsPerHour},
    {"segment.ms", "log.roll.hours", kMsPerHour},
    {"segment.jitter.ms", "log.roll.jitter.hours", kMsPerHour},
};

// The layers above a key's default, strongest first.
class Layers {
 public:
  Layers(const BrokerConfig& broker, const MetadataImage& image)
      : node_(image.Configs(ConfigResourceType::kBroker, std::to_string(broker.node_id.value()))),
        cluster_(image.Configs(ConfigResourceType::kBroker, "")),
        file_(broker.static_values) {}

  void Collect(std::string_view name, std::vector<ConfigSynonym>& out) const {
    Add(node_, name, ConfigSource::kDynamicBroker, out);
    Add(cluster_, name, ConfigSource::kDynamicDefaultBroker, out);
    Add(file_, name, ConfigSource::kStaticBroker, out);
  }
  const ConfigMap& file() const { return file_; }

 private:
  static void Add(const ConfigMap& values, std::string_view name, ConfigSource source,
                  std::vector<ConfigSynonym>& out) {
    const auto it = values.find(std::string(name));
    if (it != values.end()) out.push_back({std::string(name), it->second, source});
  }

  const ConfigMap& node_;
  const ConfigMap& cluster_;
  const ConfigMap& file_;
};

void AddScaled(const ConfigKey& key, const Layers& layers, std::vector<ConfigSynonym>& out) {
  for (const ScaledSynonym& scaled : kScaledSynonyms) {
    if (scaled.topic_key != key.name) continue;
    const auto it = layers.file().find(std::string(scaled.broker_key));
    if (it == layers.file().end()) continue;
    const std::int64_t value = ConfigInteger(it->second);
    const std::int64_t ms = value < 0 ? -1 : value * scaled.factor_ms;  // -1: no limit
    out.push_back(
        {std::string(scaled.broker_key), std::to_string(ms), ConfigSource::kStaticBroker});
  }
}

// A resource's own values and where they are said to come from.
struct Overrides {
  const ConfigMap& values;
  ConfigSource source;
};

std::vector<ConfigSynonym> Synonyms(const ConfigKey& key, const Layers& layers,
                                    const Overrides& overrides) {
  std::vector<ConfigSynonym> found;
  if (const auto it = overrides.values.find(std::string(key.name)); it != overrides.values.end()) {
    found.push_back({it->first, std::string(Trim(it->second)), overrides.source});
  }
  if (key.broker_name.empty()) return found;
  layers.Collect(key.broker_name, found);
  AddScaled(key, layers, found);
  // Some settings of groups have a broker's name but can be set nowhere but in a group.
  const ConfigKey* broker_key = FindBrokerKey(key.broker_name);
  const auto& default_value = broker_key != nullptr ? broker_key->default_value : key.default_value;
  if (default_value) {
    found.push_back(
        {std::string(key.broker_name), std::string(*default_value), ConfigSource::kDefault});
  }
  return found;
}

std::vector<ConfigSynonym> TopicSynonyms(const ConfigKey& key, const Layers& layers,
                                         const ConfigMap& overrides) {
  return Synonyms(key, layers, {overrides, ConfigSource::kTopic});
}

std::vector<ConfigSynonym> GroupSynonyms(const ConfigKey& key, const Layers& layers,
                                         const ConfigMap& overrides) {
  return Synonyms(key, layers, {overrides, ConfigSource::kGroup});
}

ConfigEntry MakeEntry(const ConfigKey& key, std::vector<ConfigSynonym> synonyms) {
  ConfigEntry entry;
  entry.name = key.name;
  entry.type = key.type;
  entry.read_only = !key.dynamic;
  entry.sensitive = IsSensitive(key);
  entry.documentation = key.documentation;
  if (synonyms.empty()) {
    if (key.default_value) entry.value = std::string(*key.default_value);
  } else {
    entry.value = synonyms.front().value;
    entry.source = synonyms.front().source;
  }
  entry.synonyms = std::move(synonyms);
  if (entry.sensitive) {
    entry.value.reset();
    for (ConfigSynonym& synonym : entry.synonyms) synonym.value.reset();
  }
  return entry;
}

records::Codec CodecNamed(std::string_view name) {
  if (name == "gzip") return records::Codec::kGzip;
  if (name == "snappy") return records::Codec::kSnappy;
  if (name == "lz4") return records::Codec::kLz4;
  if (name == "zstd") return records::Codec::kZstd;
  return records::Codec::kNone;  // "uncompressed"
}

// Reads one key's value in force; every key asked for is in the table.
class TopicValues {
 public:
  TopicValues(const Layers& layers, const ConfigMap& overrides)
      : layers_(layers), overrides_(overrides) {}

  std::string Text(std::string_view name) const {
    const ConfigKey* key = FindTopicKey(name);
    std::vector<ConfigSynonym> synonyms = TopicSynonyms(*key, layers_, overrides_);
    if (synonyms.empty()) return std::string(key->default_value.value_or(""));
    return std::string(Trim(*synonyms.front().value));
  }
  std::int64_t Long(std::string_view name) const { return ConfigInteger(Text(name)); }
  std::int32_t Int(std::string_view name) const { return static_cast<std::int32_t>(Long(name)); }

 private:
  const Layers& layers_;
  const ConfigMap& overrides_;
};

}  // namespace

TopicConfig ResolveTopicConfig(const BrokerConfig& broker, const MetadataImage& image,
                               const ConfigMap& overrides) {
  const Layers layers(broker, image);
  const TopicValues values(layers, overrides);
  TopicConfig config;
  const std::string policy = values.Text("cleanup.policy");
  const std::vector<std::string_view> policies = SplitList(policy);
  config.cleanup_delete = Contains(policies, "delete");
  config.cleanup_compact = Contains(policies, "compact");
  const std::string compression = values.Text("compression.type");
  config.keep_producer_codec = compression == "producer";
  config.codec = CodecNamed(compression);
  config.gzip_level = values.Int("compression.gzip.level");
  config.lz4_level = values.Int("compression.lz4.level");
  config.zstd_level = values.Int("compression.zstd.level");
  config.delete_retention_ms = values.Long("delete.retention.ms");
  config.flush_messages = values.Long("flush.messages");
  config.flush_ms = values.Long("flush.ms");
  config.max_compaction_lag_ms = values.Long("max.compaction.lag.ms");
  config.max_message_bytes = values.Int("max.message.bytes");
  config.timestamp_after_max_ms = values.Long("message.timestamp.after.max.ms");
  config.timestamp_before_max_ms = values.Long("message.timestamp.before.max.ms");
  config.timestamp_type = values.Text("message.timestamp.type") == "LogAppendTime"
                              ? records::TimestampType::kLogAppendTime
                              : records::TimestampType::kCreateTime;
  config.min_cleanable_dirty_ratio = ConfigDouble(values.Text("min.cleanable.dirty.ratio"));
  config.min_compaction_lag_ms = values.Long("min.compaction.lag.ms");
  config.retention_bytes = values.Long("retention.bytes");
  config.retention_ms = values.Long("retention.ms");
  config.segment_bytes = values.Int("segment.bytes");
  config.segment_ms = values.Long("segment.ms");
  return config;
}

std::vector<ConfigEntry> DescribeTopicConfigs(const BrokerConfig& broker,
                                              const MetadataImage& image,
                                              const ConfigMap& overrides) {
  const Layers layers(broker, image);
  std::vector<ConfigEntry> entries;
  entries.reserve(TopicKeys().size());
  for (const ConfigKey& key : TopicKeys()) {
    entries.push_back(MakeEntry(key, TopicSynonyms(key, layers, overrides)));
  }
  for (const ConfigKey& key : TopicCreationKeys()) {
    if (!overrides.contains(std::string(key.name))) continue;
    entries.push_back(MakeEntry(key, TopicSynonyms(key, layers, overrides)));
  }
  return entries;
}

std::vector<ConfigEntry> DescribeBrokerConfigs(const BrokerConfig& broker,
                                               const MetadataImage& image) {
  const Layers layers(broker, image);
  std::vector<ConfigEntry> entries;
  entries.reserve(BrokerKeys().size());
  for (const ConfigKey& key : BrokerKeys()) {
    std::vector<ConfigSynonym> synonyms;
    layers.Collect(key.name, synonyms);
    if (key.default_value) {
      synonyms.push_back(
          {std::string(key.name), std::string(*key.default_value), ConfigSource::kDefault});
    }
    entries.push_back(MakeEntry(key, std::move(synonyms)));
  }
  return entries;
}

std::vector<ConfigEntry> DescribeClusterDefaults(const MetadataImage& image) {
  std::vector<ConfigEntry> entries;
  for (const auto& [name, value] : image.Configs(ConfigResourceType::kBroker, "")) {
    // A key that only a plugin knows is text whose content nobody here can judge: kept secret.
    const ConfigKey custom{.name = name, .type = ConfigType::kPassword};
    const ConfigKey* key = FindBrokerKey(name);
    entries.push_back(MakeEntry(key != nullptr ? *key : custom,
                                {{name, value, ConfigSource::kDynamicDefaultBroker}}));
  }
  return entries;
}

std::vector<ConfigEntry> DescribeGroupConfigs(const BrokerConfig& broker,
                                              const MetadataImage& image,
                                              const std::string& group) {
  const Layers layers(broker, image);
  const ConfigMap& overrides = image.Configs(ConfigResourceType::kGroup, group);
  std::vector<ConfigEntry> entries;
  entries.reserve(GroupKeys().size());
  for (const ConfigKey& key : GroupKeys()) {
    entries.push_back(MakeEntry(key, GroupSynonyms(key, layers, overrides)));
  }
  return entries;
}

std::string GroupConfigInForce(const BrokerConfig& broker, const MetadataImage& image,
                               const std::string& group, std::string_view name) {
  const Layers layers(broker, image);
  const ConfigMap& overrides = image.Configs(ConfigResourceType::kGroup, group);
  return *GroupSynonyms(*FindGroupKey(name), layers, overrides).front().value;
}

}  // namespace gneiss::server
