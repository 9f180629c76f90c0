// SPDX-License-Identifier: Apache-2.0
#include "server/http/metrics_text.h"

#include <utility>
#include <vector>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "server/version.h"

namespace gneiss::server {
namespace {

using engine::CleanerStats;
using engine::HousekeepingStats;
using engine::PartitionStats;
using engine::StoreStats;
using Labels = std::vector<prometheus::ClientMetric::Label>;
using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily Family(MetricType type, const char* name, const char* help) {
  MetricFamily family;
  family.type = type;
  family.name = name;
  family.help = help;
  return family;
}

void Add(MetricFamily& family, Labels labels, double value) {
  prometheus::ClientMetric metric;
  metric.label = std::move(labels);
  metric.counter.value = value;  // the serializer takes the one that the type names
  metric.gauge.value = value;
  family.metric.push_back(std::move(metric));
}

struct StoreMetric {
  MetricType type;
  const char* name;
  const char* help;
  std::uint64_t StoreStats::* value;
};
constexpr StoreMetric kStoreMetrics[] = {
    {MetricType::Gauge, "gneiss_store_families", "Partitions that have data in the store.",
     &StoreStats::families},
    {MetricType::Gauge, "gneiss_store_memtable_bytes", "Memory of RocksDB's memtables.",
     &StoreStats::memtable_bytes},
    {MetricType::Gauge, "gneiss_store_wal_bytes", "Size of the write-ahead log.",
     &StoreStats::wal_bytes},
    {MetricType::Gauge, "gneiss_store_sst_files", "SST files.", &StoreStats::sst_files},
    {MetricType::Gauge, "gneiss_store_sst_bytes", "Size of the SST files.", &StoreStats::sst_bytes},
    {MetricType::Counter, "gneiss_store_flushed_bytes_total", "Bytes that flushes wrote.",
     &StoreStats::flushed_bytes},
    {MetricType::Counter, "gneiss_store_compaction_read_bytes_total",
     "Bytes that compactions read.", &StoreStats::compaction_read_bytes},
    {MetricType::Counter, "gneiss_store_compaction_written_bytes_total",
     "Bytes that compactions wrote.", &StoreStats::compaction_written_bytes},
    {MetricType::Counter, "gneiss_store_write_stalls_total",
     "Times that RocksDB began to slow or stop writers.", &StoreStats::write_stalls},
    {MetricType::Counter, "gneiss_store_commits_total", "Appends and other atomic changes.",
     &StoreStats::commits},
    {MetricType::Counter, "gneiss_store_commit_groups_total",
     "Writes to the WAL, each of one or more commits.", &StoreStats::commit_groups},
    {MetricType::Counter, "gneiss_store_commit_syncs_total", "Fsyncs of the WAL.",
     &StoreStats::commit_syncs},
};

void AddStores(const std::vector<StoreStats>& stores, std::vector<MetricFamily>& families) {
  MetricFamily writable = Family(MetricType::Gauge, "gneiss_store_writable",
                                 "1: takes writes; 0: the disk is full, or a write has failed.");
  MetricFamily online =
      Family(MetricType::Gauge, "gneiss_store_online", "1: open; 0: its partitions are offline.");
  for (const StoreStats& store : stores) {
    const Labels labels{{"store", store.path}};
    Add(writable, labels, store.health == engine::StoreHealth::kWritable ? 1 : 0);
    Add(online, labels, store.health == engine::StoreHealth::kOffline ? 0 : 1);
  }
  families.push_back(std::move(writable));
  families.push_back(std::move(online));
  for (const StoreMetric& metric : kStoreMetrics) {
    MetricFamily& family = families.emplace_back(Family(metric.type, metric.name, metric.help));
    for (const StoreStats& store : stores) {
      Add(family, {{"store", store.path}}, static_cast<double>(store.*metric.value));
    }
  }
}

struct HousekeepingMetric {
  const char* name;
  const char* help;
  std::uint64_t HousekeepingStats::* value;
};
constexpr HousekeepingMetric kHousekeepingMetrics[] = {
    {"gneiss_retention_expired_bytes_total", "Bytes that retention has hidden.",
     &HousekeepingStats::bytes_expired},
    {"gneiss_retention_dropped_bytes_total", "Bytes of files that were given back.",
     &HousekeepingStats::bytes_dropped},
    {"gneiss_retention_read_bytes_total", "Bytes that were read to give them back.",
     &HousekeepingStats::drop_bytes_read},
    {"gneiss_retention_written_bytes_total", "Bytes that were written to give them back.",
     &HousekeepingStats::drop_bytes_written},
    {"gneiss_merge_read_bytes_total", "Bytes read to merge small files.",
     &HousekeepingStats::merge_bytes_read},
    {"gneiss_merge_written_bytes_total", "Bytes written to merge small files.",
     &HousekeepingStats::merge_bytes_written},
};

void AddHousekeeping(const HousekeepingStats& stats, std::vector<MetricFamily>& families) {
  for (const HousekeepingMetric& metric : kHousekeepingMetrics) {
    MetricFamily& family =
        families.emplace_back(Family(MetricType::Counter, metric.name, metric.help));
    Add(family, {}, static_cast<double>(stats.*metric.value));
  }
}

struct CleanerMetric {
  const char* name;
  const char* help;
  std::uint64_t CleanerStats::* value;
};
constexpr CleanerMetric kCleanerMetrics[] = {
    {"gneiss_cleaner_cleans_total", "Times that a partition was compacted.", &CleanerStats::cleans},
    {"gneiss_cleaner_read_bytes_total", "Bytes of batches read for log compaction.",
     &CleanerStats::bytes_read},
    {"gneiss_cleaner_written_bytes_total", "Bytes of files written by log compaction.",
     &CleanerStats::bytes_written},
};

void AddCleaner(const CleanerStats& stats, std::vector<MetricFamily>& families) {
  MetricFamily& failed =
      families.emplace_back(Family(MetricType::Gauge, "gneiss_cleaner_uncleanable_partitions",
                                   "Partitions whose last try of log compaction failed."));
  Add(failed, {}, static_cast<double>(stats.uncleanable));
  for (const CleanerMetric& metric : kCleanerMetrics) {
    MetricFamily& family =
        families.emplace_back(Family(MetricType::Counter, metric.name, metric.help));
    Add(family, {}, static_cast<double>(stats.*metric.value));
  }
}

Labels LabelsOf(const PartitionStats& partition) {
  return {{"topic", partition.tp.topic},
          {"partition", std::to_string(partition.tp.partition.value())}};
}

void AddPartitions(const engine::EngineStats& stats, std::vector<MetricFamily>& families) {
  MetricFamily& count = families.emplace_back(
      Family(MetricType::Gauge, "gneiss_partitions", "Partitions of this broker."));
  Add(count, {}, static_cast<double>(stats.partition_count));
  MetricFamily& shown = families.emplace_back(Family(MetricType::Gauge, "gneiss_partitions_shown",
                                                     "Partitions that have figures of their own."));
  Add(shown, {}, static_cast<double>(stats.partitions.size()));
  MetricFamily start = Family(MetricType::Gauge, "gneiss_partition_log_start_offset",
                              "The first offset that can be read.");
  MetricFamily high = Family(MetricType::Gauge, "gneiss_partition_high_watermark",
                             "The offset behind the last record that consumers see.");
  MetricFamily size = Family(MetricType::Gauge, "gneiss_partition_size_bytes",
                             "Bytes of the batches from the log start to the end.");
  for (const PartitionStats& partition : stats.partitions) {
    const Labels labels = LabelsOf(partition);
    Add(start, labels, static_cast<double>(partition.log_start.value()));
    Add(high, labels, static_cast<double>(partition.high_watermark.value()));
    Add(size, labels, static_cast<double>(partition.size_bytes));
  }
  for (MetricFamily* const family : {&start, &high, &size}) families.push_back(std::move(*family));
}

// Why a log starts where it does, and what goes next.
void AddRetention(const std::vector<PartitionStats>& partitions,
                  std::vector<MetricFamily>& families) {
  MetricFamily reason = Family(MetricType::Gauge, "gneiss_partition_log_start_reason",
                               "Always 1; the label tells why the log starts where it does.");
  MetricFamily expiry = Family(MetricType::Gauge, "gneiss_partition_next_expiry_seconds",
                               "Unix time at which retention.ms hides the next records.");
  MetricFamily room = Family(MetricType::Gauge, "gneiss_partition_bytes_until_expiry",
                             "Bytes that come in before retention.bytes hides the next records.");
  for (const PartitionStats& partition : partitions) {
    const engine::RetentionStatus& status = partition.retention;
    Labels why = LabelsOf(partition);
    why.push_back({"reason", engine::ToText(status.reason)});
    Add(reason, std::move(why), 1);
    if (status.next_expiry != kNoTimestamp) {
      Add(expiry, LabelsOf(partition), static_cast<double>(status.next_expiry) / 1000);
    }
    if (status.bytes_until_expiry >= 0) {
      Add(room, LabelsOf(partition), static_cast<double>(status.bytes_until_expiry));
    }
  }
  for (MetricFamily* const family : {&reason, &expiry, &room}) {
    families.push_back(std::move(*family));
  }
}

// How much of a compacted log is waiting, and what stands in the way.
void AddCleaning(const std::vector<PartitionStats>& partitions,
                 std::vector<MetricFamily>& families) {
  MetricFamily bytes = Family(MetricType::Gauge, "gneiss_partition_dirty_bytes",
                              "Bytes that log compaction may take and has not.");
  MetricFamily ratio = Family(MetricType::Gauge, "gneiss_partition_dirty_ratio",
                              "Their share; min.cleanable.dirty.ratio is compared with it.");
  MetricFamily failed = Family(MetricType::Gauge, "gneiss_partition_uncleanable",
                               "Always 1; the label tells why log compaction failed.");
  for (const PartitionStats& partition : partitions) {
    if (!partition.cleaning) continue;
    Add(bytes, LabelsOf(partition), static_cast<double>(partition.cleaning->dirty_bytes));
    Add(ratio, LabelsOf(partition), partition.cleaning->dirty_ratio);
    if (partition.cleaning->uncleanable.empty()) continue;
    Labels why = LabelsOf(partition);
    why.push_back({"reason", partition.cleaning->uncleanable});
    Add(failed, std::move(why), 1);
  }
  for (MetricFamily* const family : {&bytes, &ratio, &failed}) {
    families.push_back(std::move(*family));
  }
}

}  // namespace

std::string MetricsText(const engine::EngineStats& stats) {
  std::vector<MetricFamily> families;
  Add(families.emplace_back(Family(MetricType::Gauge, "gneiss_build_info", "Always 1.")),
      {{"version", kVersion}}, 1);
  AddStores(stats.stores, families);
  AddHousekeeping(stats.housekeeping, families);
  AddCleaner(stats.cleaner, families);
  AddPartitions(stats, families);
  AddRetention(stats.partitions, families);
  AddCleaning(stats.partitions, families);
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace gneiss::server
