// SPDX-License-Identifier: Apache-2.0
#include "engine/rocks_options.h"

#include <rocksdb/table.h>

#include <algorithm>

#include "engine/batch_properties.h"

namespace gneiss::engine {
namespace {

// Things that have nothing to do at open or in the background here.
void SwitchOffExtras(rocksdb::DBOptions& options) {
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.skip_stats_update_on_db_open = true;   // reads every SST's properties otherwise
  options.avoid_flush_during_shutdown = true;    // what is written without a WAL may be lost
  options.avoid_unnecessary_blocking_io = true;  // files are deleted in the background
  // By default 16 threads are started, and joined, for each family that has files.
  options.max_file_opening_threads = 1;
}

rocksdb::BlockBasedTableOptions TableOptions() {
  rocksdb::BlockBasedTableOptions table;
  // Seek needs no data block until the value is asked for: a fetch takes 16 us instead of 31.
  table.index_type = rocksdb::BlockBasedTableOptions::kBinarySearchWithFirstKey;
  table.index_shortening = rocksdb::BlockBasedTableOptions::IndexShorteningMode::kNoShortening;
  // Mapped, uncompressed blocks are never copied, so there is nothing to cache.
  table.no_block_cache = true;
  table.block_size = std::size_t{16} << 10;
  table.format_version = 5;
  // The CRC goes through our instruction (rocksdb_crc32c.h). RocksDB's default, XXH3, is built for
  // SSE2 in Debian's package and took more than half of the CPU time of reading a file.
  table.checksum = rocksdb::kCRC32c;
  return table;
}

}  // namespace

std::size_t WalBytesMax(const StoreBudget& budget) {
  return std::min(budget.wal_bytes, budget.memtable_bytes);
}

rocksdb::DBOptions StoreDbOptions(const StoreBudget& budget) {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  // A torn tail of the WAL is what a crash leaves; anything behind damage must not be applied.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  options.avoid_flush_during_recovery = true;  // an SST per family, each with its fsync
  options.max_total_wal_size = WalBytesMax(budget);
  options.max_open_files = budget.open_files_max;
  // Two flushes: one waits for the disk's fsync while the other writes, or a steady load of large
  // batches stalls at half the disk's speed.
  options.max_background_flushes = 2;
  options.max_background_compactions = std::max(1, budget.background_threads - 1);
  // A value in a mapped block is served from where it lies.
  options.allow_mmap_reads = true;
  options.advise_random_on_open = false;  // readahead: 605 MB/s cold instead of 57
  // One thread writes, so nothing is gained by what lets several write at once.
  options.allow_concurrent_memtable_write = false;
  options.enable_write_thread_adaptive_yield = false;
  options.bytes_per_sync = std::size_t{1} << 20;  // SSTs trickle out instead of stalling an fsync
  SwitchOffExtras(options);
  return options;
}

rocksdb::ColumnFamilyOptions PartitionFamilyOptions(const StoreBudget& budget) {
  rocksdb::ColumnFamilyOptions options;
  options.compression = rocksdb::kNoCompression;  // batches come compressed if anyone wants it
  options.bottommost_compression = rocksdb::kNoCompression;
  options.num_levels = 2;  // an idle family costs 39 KB instead of 65
  options.arena_block_size = std::size_t{4} << 10;
  options.level_compaction_dynamic_level_bytes = true;
  // L0 stays short, for each of its files costs a seek; files of a log do not overlap, so moving
  // them down rewrites nothing.
  options.level0_file_num_compaction_trigger = 2;
  // With a filter RocksDB would rewrite all that is older than 30 days, every 30 days. What is to
  // be rewritten, and when, is the housekeeper's and the cleaner's to say.
  options.ttl = 0;
  options.periodic_compaction_seconds = 0;
  options.write_buffer_size = budget.family_buffer_bytes;
  options.max_write_buffer_number = 4;  // one is filled while others are flushed
  options.table_properties_collector_factories = {NewBatchPropertiesCollectorFactory()};
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(TableOptions()));
  return options;
}

rocksdb::ColumnFamilyOptions StateFamilyOptions() {
  rocksdb::ColumnFamilyOptions options;
  options.compression = rocksdb::kNoCompression;
  options.num_levels = 3;  // its keys are overwritten: a true small LSM tree
  options.write_buffer_size = std::size_t{8} << 20;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(TableOptions()));
  return options;
}

rocksdb::Options MetadataOptions() {
  rocksdb::Options options;
  options.create_if_missing = true;
  // Every write is fsynced before it is answered, so damage is never what a crash leaves behind,
  // except for a torn tail that nobody was told about.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  options.avoid_flush_during_recovery = true;
  options.max_open_files = 64;
  options.write_buffer_size = std::size_t{4} << 20;
  options.compression = rocksdb::kNoCompression;
  options.num_levels = 3;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(TableOptions()));
  SwitchOffExtras(options);
  return options;
}

}  // namespace gneiss::engine
