// SPDX-License-Identifier: Apache-2.0
#include "server/config/broker_config_parser.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "server/config/config_schema.h"
#include "server/config/group_config.h"
#include "server/config/listener_config.h"
#include "server/config/text.h"

namespace gneiss::server {
namespace {

constexpr std::string_view kDefaultProtocolMap =
    "SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT";

// Settings of Kafka that its DescribeConfigs does not list, or that belong to plugins.
constexpr std::string_view kUnlistedKeys[] = {"super.users", "allow.everyone.if.no.acl.found"};

std::unexpected<Error> Wrong(std::string_view key, std::string_view value, std::string_view why) {
  return Fail(Errc::kInvalidArgument,
              std::string(key) + "=" + std::string(value) + ": " + std::string(why));
}

// Reads values by name; those not given fall back to the struct's own default.
class Properties {
 public:
  explicit Properties(const ConfigMap& values) : values_(values) {}

  std::optional<std::string_view> Find(const char* name) const {
    const auto it = values_.find(name);
    if (it == values_.end()) return std::nullopt;
    return Trim(it->second);
  }
  std::string_view Text(const char* name, std::string_view otherwise) const {
    return Find(name).value_or(otherwise);
  }
  template <class Int>
  void Read(const char* name, Int& target) const {
    if (const auto value = Find(name)) target = static_cast<Int>(ConfigInteger(*value));
  }
  void Read(const char* name, double& target) const {
    if (const auto value = Find(name)) target = ConfigDouble(*value);
  }
  void Read(const char* name, bool& target) const {
    if (const auto value = Find(name)) target = ConfigBoolean(*value);
  }
  template <class Rep, class Period>
  void Read(const char* name, std::chrono::duration<Rep, Period>& target) const {
    if (const auto value = Find(name)) {
      target = std::chrono::duration<Rep, Period>(ConfigInteger(*value));
    }
  }

 private:
  const ConfigMap& values_;
};

// What a config may ask for that would be wrong to ignore.
Status CheckServed(const Properties& properties) {
  if (const auto value = properties.Find("zookeeper.connect")) {
    return Wrong("zookeeper.connect", *value,
                 "there is no ZooKeeper here; take the key out, one broker needs nothing else");
  }
  if (const auto roles = properties.Find("process.roles")) {
    const std::vector<std::string_view> list = SplitList(*roles);
    if (!Contains(list, "broker") || !Contains(list, "controller")) {
      return Wrong("process.roles", *roles,
                   "only broker,controller (one node that runs alone) is served yet");
    }
  } else if (const auto quorum = properties.Find("controller.quorum.bootstrap.servers")) {
    return Wrong("controller.quorum.bootstrap.servers", *quorum,
                 "joining a controller quorum is not served yet");
  }
  const std::string_view voters = properties.Text("controller.quorum.voters", "");
  if (SplitList(voters).size() > 1) {
    return Wrong("controller.quorum.voters", voters, "a quorum of several is not served yet");
  }
  if (const std::string_view authorizer = properties.Text("authorizer.class.name", "");
      !authorizer.empty()) {
    return Wrong("authorizer.class.name", authorizer, "authorization is not served yet");
  }
  if (ConfigBoolean(properties.Text("remote.log.storage.system.enable", "false"))) {
    return Wrong("remote.log.storage.system.enable", "true", "tiered storage is not served");
  }
  return {};
}

Status CheckValues(const ConfigMap& values, std::vector<std::string>& warnings) {
  for (const auto& [name, value] : values) {
    if (const ConfigKey* key = FindBrokerKey(name)) {
      if (const Status valid = CheckConfigValue(*key, value); !valid.has_value()) {
        return Wrong(name, value, valid.error().detail);
      }
      continue;
    }
    const bool known = std::ranges::find(kUnlistedKeys, name) != std::end(kUnlistedKeys) ||
                       name.starts_with("listener.name.");
    if (known) continue;
    std::string warning = "unknown setting " + name;
    if (const std::string_view nearest = NearestBrokerKey(name); !nearest.empty()) {
      warning += "; did you mean " + std::string(nearest) + "?";
    }
    warnings.push_back(std::move(warning));
  }
  return {};
}

// The broker's own listeners: without those of controller.listener.names.
Result<std::vector<ListenerConfig>> BrokerListeners(const Properties& properties, const char* key,
                                                    std::vector<std::string>& warnings) {
  const std::string_view map =
      properties.Text("listener.security.protocol.map", kDefaultProtocolMap);
  const std::vector<std::string_view> controllers =
      SplitList(properties.Text("controller.listener.names", ""));
  GNEISS_ASSIGN_OR_RETURN(std::vector<ListenerConfig> all,
                          ParseListeners(key, properties.Text(key, ""), map));
  std::vector<ListenerConfig> listeners;
  for (ListenerConfig& listener : all) {
    if (Contains(controllers, listener.name)) {
      warnings.push_back(std::string(key) + ": " + listener.name +
                         " is a controller's listener and is ignored: this broker runs alone");
      continue;
    }
    if (listener.protocol != "PLAINTEXT") {
      return Wrong(key, listener.name + "://" + listener.host + ":" + std::to_string(listener.port),
                   "security protocol " + listener.protocol + " is not served yet; PLAINTEXT is");
    }
    listeners.push_back(std::move(listener));
  }
  return listeners;
}

Status ReadListeners(const Properties& properties, ParsedBrokerConfig& parsed) {
  BrokerConfig& config = parsed.config;
  if (properties.Find("listeners")) {
    GNEISS_ASSIGN_OR_RETURN(config.listeners,
                            BrokerListeners(properties, "listeners", parsed.warnings));
    if (config.listeners.empty()) {
      return Wrong("listeners", *properties.Find("listeners"), "there must be one for clients");
    }
  }
  std::vector<std::string> ignored;  // said once already for `listeners`
  GNEISS_ASSIGN_OR_RETURN(config.advertised_listeners,
                          BrokerListeners(properties, "advertised.listeners", ignored));
  for (const ListenerConfig& advertised : config.advertised_listeners) {
    const auto same_name = [&](const ListenerConfig& l) { return l.name == advertised.name; };
    if (std::ranges::none_of(config.listeners, same_name)) {
      return Wrong("advertised.listeners", advertised.name, "listeners has none of this name");
    }
    if (advertised.host.empty() || advertised.host == "0.0.0.0" || advertised.host == "::") {
      return Wrong("advertised.listeners", advertised.name + "://" + advertised.host,
                   "it must be an address that clients can reach");
    }
  }
  return {};
}

Status ReadIdentity(const Properties& properties, BrokerConfig& config) {
  std::int32_t node_id = config.node_id.value();
  properties.Read("broker.id", node_id);
  if (node_id < 0) node_id = 1;  // broker.id=-1 is Kafka's way to say "not set"
  properties.Read("node.id", node_id);
  config.node_id = BrokerId(node_id);
  if (const auto rack = properties.Find("broker.rack")) config.rack = std::string(*rack);

  auto dirs = properties.Find("log.dirs");
  if (!dirs) dirs = properties.Find("log.dir");
  if (dirs) {
    config.log_dirs.clear();
    for (const std::string_view dir : SplitList(*dirs)) config.log_dirs.emplace_back(dir);
    if (config.log_dirs.empty()) return Wrong("log.dirs", *dirs, "it must name a directory");
  }
  if (const auto dir = properties.Find("metadata.log.dir")) {
    config.metadata_log_dir = std::filesystem::path(*dir);
  }
  return {};
}

void ReadTopicDefaults(const Properties& properties, BrokerConfig& config) {
  properties.Read("auto.create.topics.enable", config.auto_create_topics);
  properties.Read("delete.topic.enable", config.delete_topics);
  properties.Read("num.partitions", config.num_partitions);
  properties.Read("default.replication.factor", config.default_replication_factor);
  properties.Read("max.request.partition.size.limit", config.max_request_partition_size_limit);
}

void ReadHousekeeping(const Properties& properties, BrokerConfig& config) {
  properties.Read("telemetry.max.bytes", config.telemetry_max_bytes);
  properties.Read("log.retention.check.interval.ms", config.log_retention_check_interval);
  properties.Read("log.cleaner.enable", config.log_cleaner_enable);
}

void ReadMetadataLog(const Properties& properties, BrokerConfig& config) {
  properties.Read("metadata.log.max.record.bytes.between.snapshots",
                  config.metadata_log_max_record_bytes_between_snapshots);
  properties.Read("metadata.log.max.snapshot.interval.ms",
                  config.metadata_log_max_snapshot_interval);
}

void ReadGroups(const Properties& properties, BrokerConfig& config) {
  properties.Read("offsets.topic.num.partitions", config.offsets_topic_num_partitions);
  properties.Read("offsets.topic.segment.bytes", config.offsets_topic_segment_bytes);
  properties.Read("offset.metadata.max.bytes", config.offset_metadata_max_bytes);
  properties.Read("offsets.retention.minutes", config.offsets_retention);
  properties.Read("offsets.retention.check.interval.ms", config.offsets_retention_check_interval);
  properties.Read("group.initial.rebalance.delay.ms", config.group_initial_rebalance_delay);
  properties.Read("group.min.session.timeout.ms", config.group_min_session_timeout);
  properties.Read("group.max.session.timeout.ms", config.group_max_session_timeout);
  properties.Read("group.max.size", config.group_max_size);
}

Result<GroupMigrationPolicy> MigrationPolicyNamed(std::string_view name) {
  constexpr std::pair<std::string_view, GroupMigrationPolicy> kPolicies[] = {
      {"disabled", GroupMigrationPolicy::kDisabled},
      {"upgrade", GroupMigrationPolicy::kUpgrade},
      {"downgrade", GroupMigrationPolicy::kDowngrade},
      {"bidirectional", GroupMigrationPolicy::kBidirectional}};
  for (const auto& [known, policy] : kPolicies) {
    if (EqualsIgnoringCase(name, known)) return policy;
  }
  return Wrong("group.consumer.migration.policy", name,
               "it must be disabled, upgrade, downgrade or bidirectional");
}

// Groups of the new consumer protocol. What groups may have settings of their own for is read by
// ResolveConsumerGroupConfig.
Status ReadConsumerGroups(const Properties& properties, BrokerConfig& config) {
  properties.Read("group.consumer.max.size", config.group_consumer_max_size);
  if (const auto policy = properties.Find("group.consumer.migration.policy")) {
    GNEISS_ASSIGN_OR_RETURN(config.group_consumer_migration_policy, MigrationPolicyNamed(*policy));
  }
  if (const auto assignors = properties.Find("group.consumer.assignors")) {
    config.group_consumer_assignors.clear();
    for (const std::string_view name : SplitList(*assignors)) {
      // Kafka knows its own ones by their classes too.
      const bool range = name == "range" || name.ends_with(".RangeAssignor");
      config.group_consumer_assignors.emplace_back(range ? "range" : "uniform");
    }
    if (config.group_consumer_assignors.empty()) {
      return Wrong("group.consumer.assignors", *assignors, "it must name an assignor");
    }
  }
  return {};
}

void ReadNetwork(const Properties& properties, BrokerConfig& config) {
  properties.Read("fetch.max.bytes", config.fetch_max_bytes);
  properties.Read("socket.request.max.bytes", config.socket_request_max_bytes);
  properties.Read("socket.listen.backlog.size", config.socket_listen_backlog);
  properties.Read("socket.send.buffer.bytes", config.socket_send_buffer_bytes);
  properties.Read("socket.receive.buffer.bytes", config.socket_receive_buffer_bytes);
  properties.Read("connections.max.idle.ms", config.connections_max_idle);
  properties.Read("queued.max.request.bytes", config.queued_max_request_bytes);
  properties.Read("max.incremental.fetch.session.cache.slots",
                  config.max_incremental_fetch_session_cache_slots);
}

std::string ListenersText(const std::vector<ListenerConfig>& listeners) {
  std::string text;
  for (const ListenerConfig& listener : listeners) {
    const bool ipv6 = listener.host.find(':') != std::string::npos;
    text += (text.empty() ? "" : ",") + listener.name + "://" +
            (ipv6 ? "[" + listener.host + "]" : listener.host) + ":" +
            std::to_string(listener.port);
  }
  return text;
}

// What was given, plus what Kafka requires and we have defaults for, so that DescribeConfigs tells
// the truth about this broker.
void FillStaticValues(const ConfigMap& properties, BrokerConfig& config) {
  config.static_values = properties;
  config.static_values["node.id"] = std::to_string(config.node_id.value());
  config.static_values["broker.id"] = std::to_string(config.node_id.value());
  config.static_values["listeners"] = ListenersText(config.listeners);
  config.static_values.try_emplace("process.roles", "broker,controller");
  std::string dirs;
  for (const auto& dir : config.log_dirs) dirs += (dirs.empty() ? "" : ",") + dir.string();
  config.static_values["log.dirs"] = std::move(dirs);
}

}  // namespace

Result<std::map<std::string, std::int32_t>> ParsePerIpOverrides(std::string_view text) {
  std::map<std::string, std::int32_t> overrides;
  for (const std::string_view entry : SplitList(text)) {
    const std::size_t colon = entry.rfind(':');
    const std::string_view count =
        colon == std::string_view::npos ? "" : Trim(entry.substr(colon + 1));
    if (count.empty() || count.find_first_not_of("0123456789") != std::string_view::npos ||
        count.size() > 9) {
      return Wrong("max.connections.per.ip.overrides", entry,
                   "an entry is address:count, e.g. 127.0.0.1:200");
    }
    overrides[std::string(Trim(entry.substr(0, colon)))] =
        static_cast<std::int32_t>(ConfigInteger(count));
  }
  return overrides;
}

void ReadDynamicSettings(const ConfigMap& values, BrokerConfig& config) {
  const Properties properties(values);
  properties.Read("max.connections", config.max_connections);
  properties.Read("max.connections.per.ip", config.max_connections_per_ip);
  if (const auto text = properties.Find("max.connections.per.ip.overrides")) {
    if (auto overrides = ParsePerIpOverrides(*text)) {
      config.max_connections_per_ip_overrides = std::move(*overrides);
    }
  }
  properties.Read("max.connection.creation.rate", config.max_connection_creation_rate);
  properties.Read("log.cleaner.threads", config.log_cleaner_threads);
  properties.Read("log.cleaner.dedupe.buffer.size", config.log_cleaner_dedupe_buffer_bytes);
  properties.Read("log.cleaner.io.max.bytes.per.second",
                  config.log_cleaner_io_max_bytes_per_second);
  properties.Read("log.cleaner.backoff.ms", config.log_cleaner_backoff);
}

Result<ParsedBrokerConfig> ParseBrokerConfig(const ConfigMap& properties) {
  ParsedBrokerConfig parsed;
  const Properties values(properties);
  GNEISS_RETURN_IF_ERROR(CheckServed(values));
  GNEISS_RETURN_IF_ERROR(CheckValues(properties, parsed.warnings));
  GNEISS_RETURN_IF_ERROR(ReadListeners(values, parsed));
  GNEISS_RETURN_IF_ERROR(ReadIdentity(values, parsed.config));
  if (const auto overrides = values.Find("max.connections.per.ip.overrides")) {
    GNEISS_RETURN_IF_ERROR(ParsePerIpOverrides(*overrides));
  }
  ReadDynamicSettings(properties, parsed.config);
  ReadTopicDefaults(values, parsed.config);
  ReadHousekeeping(values, parsed.config);
  ReadMetadataLog(values, parsed.config);
  ReadGroups(values, parsed.config);
  GNEISS_RETURN_IF_ERROR(ReadConsumerGroups(values, parsed.config));
  GNEISS_RETURN_IF_ERROR(CheckGroupDefaults(properties));
  ReadNetwork(values, parsed.config);
  if (parsed.config.group_min_session_timeout > parsed.config.group_max_session_timeout) {
    return Wrong("group.min.session.timeout.ms", values.Text("group.min.session.timeout.ms", ""),
                 "it must not be above group.max.session.timeout.ms");
  }
  FillStaticValues(properties, parsed.config);
  return parsed;
}

}  // namespace gneiss::server
