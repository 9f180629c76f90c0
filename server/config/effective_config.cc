// SPDX-License-Identifier: Apache-2.0
#include "server/config/effective_config.h"

#include <algorithm>
#include <utility>

#include "server/config/broker_config_parser.h"
#include "server/config/client_metrics_config.h"
#include "server/config/log_levels.h"
#include "server/config/text.h"

namespace gneiss::server {
namespace {

constexpr std::int64_t kMsPerMinute = 60'000;
constexpr std::int64_t kMsPerHour = 3'600'000;

// A broker setting that counts where another, finer one is not set, and its unit.
struct Coarser {
  std::string_view name;
  std::string_view instead_of;
  std::int64_t unit_ms;
};
// Those of one setting in the order in which they are asked.
constexpr Coarser kCoarser[] = {
    {"log.flush.scheduler.interval.ms", "log.flush.interval.ms", 1},
    {"log.retention.hours", "log.retention.minutes", kMsPerHour},
    {"log.retention.minutes", "log.retention.ms", kMsPerMinute},
    {"log.retention.hours", "log.retention.ms", kMsPerHour},
    {"log.roll.hours", "log.roll.ms", kMsPerHour},
    {"log.roll.jitter.hours", "log.roll.jitter.ms", kMsPerHour},
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

  // Every value of the broker's setting `name` by precedence, Kafka's default last. As in Kafka the
  // coarser settings are among them, but only behind `name` itself; alone they stay unsaid.
  std::vector<ConfigSynonym> Synonyms(std::string_view name) const {
    std::vector<std::string_view> names = {name};
    for (const Coarser& coarser : kCoarser) {
      if (coarser.instead_of == name) names.push_back(coarser.name);
    }
    std::vector<ConfigSynonym> found;
    for (const auto& [values, source] : {std::pair(&node_, ConfigSource::kDynamicBroker),
                                         std::pair(&cluster_, ConfigSource::kDynamicDefaultBroker),
                                         std::pair(&file_, ConfigSource::kStaticBroker)}) {
      for (const std::string_view one : names) Add(*values, one, source, found);
    }
    for (const std::string_view one : names) AddDefault(one, found);
    const auto first = std::ranges::find(found, name, &ConfigSynonym::name);
    found.erase(found.begin(), first);
    return found;
  }

  // The first coarser setting that has a value, which is told in milliseconds.
  std::optional<ConfigSynonym> InsteadOf(std::string_view name) const {
    for (const Coarser& coarser : kCoarser) {
      if (coarser.instead_of != name) continue;
      std::vector<ConfigSynonym> values;
      Collect(coarser.name, values);
      AddDefault(coarser.name, values);
      if (values.empty()) continue;
      const std::int64_t value = ConfigInteger(*values.front().value);
      values.front().value = std::to_string(value < 0 ? -1 : value * coarser.unit_ms);  // -1: none
      return values.front();
    }
    return std::nullopt;
  }

  // Whether a finer setting was changed at run time: Kafka then forgets the coarser one's value.
  bool IsForgotten(std::string_view name) const {
    return std::ranges::any_of(kCoarser, [&](const Coarser& coarser) {
      const std::string finer(coarser.instead_of);
      return coarser.name == name && (node_.contains(finer) || cluster_.contains(finer));
    });
  }

 private:
  static void Add(const ConfigMap& values, std::string_view name, ConfigSource source,
                  std::vector<ConfigSynonym>& out) {
    const auto it = values.find(std::string(name));
    if (it != values.end()) out.push_back({std::string(name), it->second, source});
  }
  static void AddDefault(std::string_view name, std::vector<ConfigSynonym>& out) {
    const ConfigKey* key = FindBrokerKey(name);
    if (key == nullptr || !key->default_value) return;
    out.push_back({std::string(name), std::string(*key->default_value), ConfigSource::kDefault});
  }

  const ConfigMap& node_;
  const ConfigMap& cluster_;
  const ConfigMap& file_;
};

// A resource's own values and where they are said to come from.
struct Overrides {
  const ConfigMap& values;
  ConfigSource source;
};

std::vector<ConfigSynonym> Synonyms(const ConfigKey& key, const Layers& layers,
                                    const Overrides& overrides) {
  std::vector<ConfigSynonym> found;
  if (const auto it = overrides.values.find(std::string(key.name)); it != overrides.values.end()) {
    found.push_back({it->first, CanonicalConfigValue(key, it->second), overrides.source});
  }
  if (key.broker_name.empty()) return found;
  for (ConfigSynonym& synonym : layers.Synonyms(key.broker_name)) {
    found.push_back(std::move(synonym));
  }
  // Some settings of groups have a broker's name but can be set nowhere but in a group.
  if (FindBrokerKey(key.broker_name) == nullptr && key.default_value) {
    found.push_back(
        {std::string(key.broker_name), std::string(*key.default_value), ConfigSource::kDefault});
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

// What is in force where a key has no synonym.
std::optional<std::string> DefaultValue(const ConfigKey& key, const Layers& layers) {
  if (const auto coarser = layers.InsteadOf(key.broker_name)) return coarser->value;
  if (!key.default_value) return std::nullopt;
  return std::string(*key.default_value);
}

// `otherwise` is the value where there are no synonyms.
ConfigEntry MakeEntry(const ConfigKey& key, std::vector<ConfigSynonym> synonyms,
                      std::optional<std::string> otherwise = std::nullopt) {
  ConfigEntry entry;
  entry.name = key.name;
  entry.type = key.type;
  entry.read_only = !key.dynamic;
  entry.sensitive = IsSensitive(key);
  entry.documentation = key.documentation;
  if (synonyms.empty()) {
    entry.value = std::move(otherwise);
  } else {
    entry.value = CanonicalConfigValue(key, *synonyms.front().value);
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
    if (synonyms.empty()) return DefaultValue(*key, layers_).value_or("");
    return std::string(Trim(*synonyms.front().value));
  }
  std::int64_t Long(std::string_view name) const { return ConfigInteger(Text(name)); }
  // Of a setting that only the broker has.
  std::int64_t BrokerLong(std::string_view name) const {
    std::vector<ConfigSynonym> given;
    layers_.Collect(name, given);
    const std::string_view otherwise = *FindBrokerKey(name)->default_value;
    return ConfigInteger(given.empty() ? otherwise : std::string_view(*given.front().value));
  }
  std::int32_t Int(std::string_view name) const { return static_cast<std::int32_t>(Long(name)); }

 private:
  const Layers& layers_;
  const ConfigMap& overrides_;
};

}  // namespace

BrokerConfig ResolveBrokerConfig(const BrokerConfig& broker, const MetadataImage& image) {
  BrokerConfig config = broker;
  ReadDynamicSettings(image.Configs(ConfigResourceType::kBroker, ""), config);
  ReadDynamicSettings(
      image.Configs(ConfigResourceType::kBroker, std::to_string(broker.node_id.value())), config);
  return config;
}

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
  // Kafka lets log.flush.interval.ms be negative: always due.
  config.flush_ms = std::max<std::int64_t>(values.Long("flush.ms"), 0);
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
  config.producer_id_expiration_ms = values.BrokerLong("producer.id.expiration.ms");
  return config;
}

std::vector<ConfigEntry> DescribeTopicConfigs(const BrokerConfig& broker,
                                              const MetadataImage& image,
                                              const ConfigMap& overrides) {
  const Layers layers(broker, image);
  std::vector<ConfigEntry> entries;
  entries.reserve(TopicKeys().size());
  for (const ConfigKey& key : TopicKeys()) {
    entries.push_back(
        MakeEntry(key, TopicSynonyms(key, layers, overrides), DefaultValue(key, layers)));
  }
  for (const ConfigKey& key : TopicCreationKeys()) {
    if (!overrides.contains(std::string(key.name))) continue;
    entries.push_back(MakeEntry(key, TopicSynonyms(key, layers, overrides)));
  }
  return entries;
}

std::vector<ConfigEntry> DescribeNewTopic(const BrokerConfig& broker, const MetadataImage& image,
                                          const ConfigMap& overrides) {
  const Layers layers(broker, image);
  std::vector<ConfigEntry> entries = DescribeTopicConfigs(broker, image, overrides);
  for (ConfigEntry& entry : entries) {
    if (!entry.synonyms.empty()) continue;
    const auto coarser = layers.InsteadOf(FindTopicKey(entry.name)->broker_name);
    if (coarser) entry.source = coarser->source;
  }
  return entries;
}

std::vector<ConfigEntry> DescribeBrokerConfigs(const BrokerConfig& broker,
                                               const MetadataImage& image) {
  const Layers layers(broker, image);
  std::vector<ConfigEntry> entries;
  entries.reserve(BrokerKeys().size());
  for (const ConfigKey& key : BrokerKeys()) {
    ConfigEntry& entry = entries.emplace_back(MakeEntry(key, layers.Synonyms(key.name)));
    if (layers.IsForgotten(key.name)) entry.value = key.default_value;
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
    entries.push_back(
        MakeEntry(key, GroupSynonyms(key, layers, overrides), DefaultValue(key, layers)));
  }
  return entries;
}

std::string GroupConfigInForce(const BrokerConfig& broker, const MetadataImage& image,
                               const std::string& group, std::string_view name) {
  const Layers layers(broker, image);
  const ConfigMap& overrides = image.Configs(ConfigResourceType::kGroup, group);
  return *GroupSynonyms(*FindGroupKey(name), layers, overrides).front().value;
}

std::vector<ConfigEntry> DescribeClientMetrics(const ConfigMap& overrides) {
  std::vector<ConfigEntry> entries;
  for (const ConfigKey& key : ClientMetricsKeys()) {
    std::vector<ConfigSynonym> synonyms;
    if (const auto it = overrides.find(std::string(key.name)); it != overrides.end()) {
      synonyms.push_back({it->first, it->second, ConfigSource::kClientMetrics});
    }
    entries.push_back(
        MakeEntry(key, std::move(synonyms), std::string(key.default_value.value_or(""))));
  }
  return entries;
}

std::vector<ConfigEntry> DescribeLoggers() {
  ConfigEntry root;
  root.name = kRootLogger;
  root.value = RootLogLevel();
  root.source = ConfigSource::kLogger;
  root.type = ConfigType::kUnknown;
  return {root};
}

}  // namespace gneiss::server
