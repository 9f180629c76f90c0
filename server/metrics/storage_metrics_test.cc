// SPDX-License-Identifier: Apache-2.0
#include "server/metrics/storage_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/metrics/partition_metrics.h"

namespace gneiss::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Text(const engine::EngineStats& stats) {
  MetricFamilies families;
  AddStorageMetrics(stats, families);
  AddPartitionMetrics(stats, families);
  return families.Text();
}

TEST(StorageMetricsTest, StoresAndPartitionsHaveTheirFigures) {
  engine::EngineStats stats;
  engine::StoreStats& store = stats.stores.emplace_back();
  store.path = "/data/store-00";
  store.health = engine::StoreHealth::kDiskFull;
  store.sst_bytes = 12345678901;
  store.compaction_written_bytes = 17;
  store.commit_write_ns = 1'500'000'000;
  stats.directories.push_back({.path = "/data", .total_bytes = 100, .low_on_space = true});
  stats.snapshots = {.taken = 2, .last_taken_ms = 5000, .last_pause_us = 1500};
  stats.records_lost = 150;
  stats.partition_count = 7;
  stats.partitions.push_back({.tp = {"a.b", PartitionId(3)},
                              .log_start = Offset(5),
                              .high_watermark = Offset(9),
                              .size_bytes = 100});
  stats.partitions.back().retention.reason = engine::LogStartReason::kRetentionMs;
  stats.partitions.back().retention.next_expiry = 1500;
  engine::CleaningStatus& cleaning = stats.partitions.back().cleaning.emplace();
  cleaning.dirty_bytes = 30;
  cleaning.dirty_ratio = 0.25;
  cleaning.uncleanable = "bad \"CRC\"";
  stats.partitions.emplace_back().tp = {"plain", PartitionId(0)};
  stats.cleaner.uncleanable = 1;
  stats.cleaner.bytes_written = 99;
  stats.housekeeping.bytes_dropped = 44;
  const std::string text = Text(stats);
  EXPECT_THAT(text, HasSubstr("gneiss_low_on_space{directory=\"/data\"} 1\n"));
  EXPECT_THAT(text,
              HasSubstr("gneiss_store_commit_write_seconds_total{store=\"/data/store-00\"} 1.5\n"));
  EXPECT_THAT(text, HasSubstr("gneiss_snapshots_taken_total 2\n"));
  EXPECT_THAT(text, HasSubstr("gneiss_snapshot_last_pause_seconds 0.0015\n"));
  EXPECT_THAT(text, HasSubstr("gneiss_snapshot_last_taken_timestamp_seconds 5\n"));
  EXPECT_THAT(text, HasSubstr("gneiss_records_lost_total 150\n"));
  EXPECT_THAT(text, HasSubstr("gneiss_retention_dropped_bytes_total 44\n"));
  EXPECT_THAT(
      text,
      HasSubstr("gneiss_partition_log_start_reason{topic=\"a.b\",partition=\"3\",reason=\"" +
                std::string(engine::ToText(engine::LogStartReason::kRetentionMs)) + "\"} 1\n"));
  EXPECT_THAT(
      text, HasSubstr("gneiss_partition_next_expiry_seconds{topic=\"a.b\",partition=\"3\"} 1.5\n"));
  EXPECT_THAT(text, Not(HasSubstr("gneiss_partition_bytes_until_expiry{")));
  EXPECT_THAT(text, HasSubstr("gneiss_cleaner_uncleanable_partitions 1\n"));
  EXPECT_THAT(text, HasSubstr("gneiss_cleaner_written_bytes_total 99\n"));
  EXPECT_THAT(text, HasSubstr("gneiss_partition_dirty_bytes{topic=\"a.b\",partition=\"3\"} 30\n"));
  EXPECT_THAT(text,
              HasSubstr("gneiss_partition_dirty_ratio{topic=\"a.b\",partition=\"3\"} 0.25\n"));
  EXPECT_THAT(text, HasSubstr("gneiss_partition_uncleanable{topic=\"a.b\",partition=\"3\","
                              "reason=\"bad \\\"CRC\\\"\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("gneiss_partition_dirty_bytes{topic=\"plain\"")));
  EXPECT_THAT(text, HasSubstr("# TYPE gneiss_store_sst_bytes gauge\n"));
  EXPECT_THAT(text, HasSubstr("gneiss_store_sst_bytes{store=\"/data/store-00\"} 12345678901\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE gneiss_store_compaction_written_bytes_total counter\n"));
  EXPECT_THAT(
      text,
      HasSubstr("gneiss_store_compaction_written_bytes_total{store=\"/data/store-00\"} 17\n"));
  EXPECT_THAT(text, HasSubstr("gneiss_store_writable{store=\"/data/store-00\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("gneiss_store_online{store=\"/data/store-00\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("gneiss_partitions 7\n"));
  EXPECT_THAT(text, HasSubstr("gneiss_partitions_shown 2\n"));
  EXPECT_THAT(text,
              HasSubstr("gneiss_partition_log_start_offset{topic=\"a.b\",partition=\"3\"} 5\n"));
  EXPECT_THAT(text,
              HasSubstr("gneiss_partition_high_watermark{topic=\"a.b\",partition=\"3\"} 9\n"));
  EXPECT_THAT(text, HasSubstr("gneiss_partition_size_bytes{topic=\"a.b\",partition=\"3\"} 100\n"));
}

// Prometheus refuses a whole page for one label that is no UTF-8, and clients choose some of them.
TEST(MetricFamiliesTest, LabelsAreMadeUtf8AndCut) {
  MetricFamilies families;
  MetricFamilies::Family family = families.Gauge("g", "help");
  family.Add({{"a",
               "gr\xc3\xb6\xc3\x9f"
               "e"}},
             1.0);
  family.Add({{"a", "x\xff\xc3(\xed\xa0\x80"}}, 2.0);
  family.Add({{"a", std::string(5000, 'y')}}, 3.0);
  const std::string text = families.Text();
  EXPECT_NE(text.find("{a=\"gr\xc3\xb6\xc3\x9f"
                      "e\"} 1"),
            std::string::npos);
  EXPECT_NE(text.find("{a=\"x??(???\"} 2"), std::string::npos);
  EXPECT_NE(text.find("{a=\"" + std::string(1024, 'y') + "\"} 3"), std::string::npos);
}

}  // namespace
}  // namespace gneiss::server
