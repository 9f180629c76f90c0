// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "engine/database.h"
#include "engine/partition_log.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"

// Reads of one family that need nothing of the partition's mutable state. Threads: any.
namespace gneiss::engine {

// Whole batches from the one that holds `from`, as PartitionLog::Read. With ReadTier::kAll the
// pages of all that is returned are in memory afterwards: RocksDB checks the blocks' checksums.
// REQUIRES: from < limits.upper_bound, and upper_bound is not above the log's end.
Result<ReadView> ReadBatches(std::shared_ptr<const Family> family, Offset from,
                             const ReadLimits& limits);

// The bytes of the batches that hold offsets in [from, to), by looking at each. What cannot be read
// counts as 0.
std::int64_t CountBytes(std::shared_ptr<const Family> family, Offset from, Offset to,
                        ReadTier tier);

// The same, from the files' properties and the memtables' entries. Looks at single batches only of
// the file that `from` lies in.
std::int64_t BytesBetween(const std::shared_ptr<const Family>& family, Offset from, Offset to);

}  // namespace gneiss::engine
