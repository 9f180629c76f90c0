// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "protocol/base/ids.h"
#include "server/config/topic_config.h"

namespace gneiss::server {

struct ListenerConfig {
  std::string name;        // "PLAINTEXT", or a name of listener.security.protocol.map
  std::string protocol;    // "PLAINTEXT"; the others stop the start until they are served
  std::string host;        // empty: every interface
  std::uint16_t port = 0;  // 0: the system picks
};

// Whether a group goes over from the classic protocol to the new one, or back, when a member that
// speaks the other joins (KIP-848).
enum class GroupMigrationPolicy { kDisabled, kUpgrade, kDowngrade, kBidirectional };

// BrokerConfig is what flags and server.properties say, parsed and checked. It does not change
// while the broker runs; dynamic changes are in the MetadataImage and win over it
// (ResolveBrokerConfig).
// Defaults are Kafka 4.3's unless a comment says why not.
struct BrokerConfig {
  BrokerId node_id{1};
  std::optional<std::string> rack;
  std::vector<ListenerConfig> listeners{{"PLAINTEXT", "PLAINTEXT", "127.0.0.1", 9092}};
  std::vector<ListenerConfig> advertised_listeners;  // empty: the connection's own local address
  std::vector<std::filesystem::path> log_dirs{"./gneiss-data"};
  std::optional<std::filesystem::path> metadata_log_dir;
  std::int64_t metadata_log_max_record_bytes_between_snapshots = 20'971'520;
  std::chrono::milliseconds metadata_log_max_snapshot_interval{3'600'000};  // 0: none

  bool auto_create_topics = true;
  bool delete_topics = true;
  std::int32_t num_partitions = 1;
  std::int16_t default_replication_factor = 1;
  std::int32_t offsets_topic_num_partitions = 50;
  std::int32_t offsets_topic_segment_bytes = 104'857'600;
  std::int32_t offset_metadata_max_bytes = 4096;
  std::chrono::minutes offsets_retention{10080};
  std::chrono::milliseconds offsets_retention_check_interval{600'000};
  std::chrono::milliseconds group_initial_rebalance_delay{3000};
  std::chrono::milliseconds group_min_session_timeout{6000};
  std::chrono::milliseconds group_max_session_timeout{1'800'000};
  std::int32_t group_max_size = 2'147'483'647;
  std::int32_t group_consumer_max_size = 2'147'483'647;
  std::vector<std::string> group_consumer_assignors{"uniform", "range"};  // the default one first
  GroupMigrationPolicy group_consumer_migration_policy = GroupMigrationPolicy::kBidirectional;
  std::int32_t fetch_max_bytes = 57'671'680;
  std::int32_t socket_request_max_bytes = 104'857'600;
  std::int32_t socket_listen_backlog = 50;
  std::int32_t socket_send_buffer_bytes = 102'400;
  std::int32_t socket_receive_buffer_bytes = 102'400;
  std::chrono::milliseconds connections_max_idle{600'000};
  std::int32_t max_connections = 2'147'483'647;
  std::int32_t max_connections_per_ip = 2'147'483'647;
  std::map<std::string, std::int32_t> max_connections_per_ip_overrides;
  std::int32_t max_connection_creation_rate = 2'147'483'647;  // per second
  std::int64_t queued_max_request_bytes = -1;
  std::int32_t max_incremental_fetch_session_cache_slots = 1000;
  std::int32_t max_request_partition_size_limit = 2000;
  std::int32_t telemetry_max_bytes = 1'048'576;
  std::chrono::milliseconds log_retention_check_interval{300'000};
  bool log_cleaner_enable = true;
  std::int32_t log_cleaner_threads = 1;
  std::int64_t log_cleaner_dedupe_buffer_bytes = 134'217'728;
  double log_cleaner_io_max_bytes_per_second = 1.7976931348623157e308;
  std::chrono::milliseconds log_cleaner_backoff{15'000};

  // Every property that was given, as text, for DescribeConfigs (source: static file).
  ConfigMap static_values;
};

}  // namespace gneiss::server
