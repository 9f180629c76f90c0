// SPDX-License-Identifier: Apache-2.0
#include "server/metrics/partition_metrics.h"

#include <string>
#include <utility>

namespace gneiss::server {
namespace {

using engine::PartitionStats;

Labels LabelsOf(const PartitionStats& partition) {
  return {{"topic", partition.tp.topic},
          {"partition", std::to_string(partition.tp.partition.value())}};
}

// Why a log starts where it does, and what goes next.
void AddRetention(const std::vector<PartitionStats>& partitions, MetricFamilies& out) {
  auto reason = out.Gauge("gneiss_partition_log_start_reason",
                          "Always 1; the label tells why the log starts where it does.");
  auto expiry = out.Gauge("gneiss_partition_next_expiry_seconds",
                          "Unix time at which retention.ms hides the next records.");
  auto room = out.Gauge("gneiss_partition_bytes_until_expiry",
                        "Bytes that come in before retention.bytes hides the next records.");
  for (const PartitionStats& partition : partitions) {
    const engine::RetentionStatus& status = partition.retention;
    Labels why = LabelsOf(partition);
    why.push_back({"reason", engine::ToText(status.reason)});
    reason.Add(std::move(why), 1.0);
    if (status.next_expiry != kNoTimestamp) {
      expiry.Add(LabelsOf(partition), static_cast<double>(status.next_expiry) / 1000);
    }
    if (status.bytes_until_expiry >= 0) {
      room.Add(LabelsOf(partition), static_cast<double>(status.bytes_until_expiry));
    }
  }
}

// How much of a compacted log is waiting, and what stands in the way.
void AddCleaning(const std::vector<PartitionStats>& partitions, MetricFamilies& out) {
  auto bytes =
      out.Gauge("gneiss_partition_dirty_bytes", "Bytes that log compaction may take and has not.");
  auto ratio = out.Gauge("gneiss_partition_dirty_ratio",
                         "Their share; min.cleanable.dirty.ratio is compared with it.");
  auto uncleanable =
      out.Gauge("gneiss_partition_uncleanable", "1: the last try failed; the label tells why.");
  for (const PartitionStats& partition : partitions) {
    if (!partition.cleaning) continue;
    bytes.Add(LabelsOf(partition), partition.cleaning->dirty_bytes);
    ratio.Add(LabelsOf(partition), partition.cleaning->dirty_ratio);
    if (partition.cleaning->uncleanable.empty()) continue;
    Labels why = LabelsOf(partition);
    why.push_back({"reason", partition.cleaning->uncleanable});
    uncleanable.Add(std::move(why), 1.0);
  }
}

struct TrafficMetric {
  const char* name;
  const char* help;
  SharedCounter TopicTraffic::* value;
};
constexpr TrafficMetric kTrafficMetrics[] = {
    {"gneiss_topic_produced_bytes_total", "Bytes of the batches that producers appended.",
     &TopicTraffic::produced_bytes},
    {"gneiss_topic_produced_batches_total", "Batches that producers appended.",
     &TopicTraffic::produced_batches},
    {"gneiss_topic_produced_records_total", "Records that producers appended.",
     &TopicTraffic::produced_records},
    {"gneiss_topic_fetched_bytes_total", "Bytes of the batches that fetches were answered.",
     &TopicTraffic::fetched_bytes},
    {"gneiss_topic_fetched_batches_total", "Batches that fetches were answered.",
     &TopicTraffic::fetched_batches},
};

}  // namespace

void AddPartitionMetrics(const engine::EngineStats& stats, MetricFamilies& out) {
  out.Gauge("gneiss_partitions", "Partitions of this broker.")
      .Add({}, std::uint64_t{stats.partition_count});
  out.Gauge("gneiss_partitions_shown", "Partitions that have figures of their own.")
      .Add({}, std::uint64_t{stats.partitions.size()});
  auto start = out.Gauge("gneiss_partition_log_start_offset", "The first offset that can be read.");
  auto high = out.Gauge("gneiss_partition_high_watermark",
                        "The offset behind the last record that consumers see.");
  auto size = out.Gauge("gneiss_partition_size_bytes",
                        "Bytes of the batches from the log start to the end.");
  for (const PartitionStats& partition : stats.partitions) {
    const Labels labels = LabelsOf(partition);
    start.Add(labels, static_cast<double>(partition.log_start.value()));
    high.Add(labels, static_cast<double>(partition.high_watermark.value()));
    size.Add(labels, static_cast<double>(partition.size_bytes));
  }
  AddRetention(stats.partitions, out);
  AddCleaning(stats.partitions, out);
}

void AddTopicMetrics(const ServedTopics& topics, MetricFamilies& out) {
  out.Gauge("gneiss_topics", "Topics with partitions on this broker.")
      .Add({}, std::uint64_t{topics.topics});
  out.Gauge("gneiss_topics_shown", "Topics that have figures of their own.")
      .Add({}, std::uint64_t{topics.shown.size()});
  for (const TrafficMetric& metric : kTrafficMetrics) {
    auto family = out.Counter(metric.name, metric.help);
    for (const ServedTopic& topic : topics.shown) {
      family.Add({{"topic", topic.name}}, ((*topic.traffic).*metric.value).value());
    }
  }
}

}  // namespace gneiss::server
