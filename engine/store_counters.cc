// SPDX-License-Identifier: Apache-2.0
#include "engine/store_counters.h"

namespace gneiss::engine {

void StoreCounters::OnFlushCompleted(rocksdb::DB* /*db*/, const rocksdb::FlushJobInfo& job) {
  ++flushes_;
  flushed_bytes_ += job.table_properties.data_size + job.table_properties.index_size;
}

void StoreCounters::OnCompactionCompleted(rocksdb::DB* /*db*/,
                                          const rocksdb::CompactionJobInfo& job) {
  ++compactions_;
  compaction_read_bytes_ += job.stats.total_input_bytes;
  compaction_written_bytes_ += job.stats.total_output_bytes;
}

void StoreCounters::OnStallConditionsChanged(const rocksdb::WriteStallInfo& stall) {
  const bool begins = stall.condition.prev == rocksdb::WriteStallCondition::kNormal &&
                      stall.condition.cur != rocksdb::WriteStallCondition::kNormal;
  if (begins) ++write_stalls_;
}

}  // namespace gneiss::engine
