// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "protocol/base/ids.h"
#include "protocol/base/uuid.h"

namespace gneiss::engine {

// Where a clone ends. It never holds what lies beyond the last stable offset: a transaction that is
// open would stay open in it for ever. And it ends between batches, at the last border that is not
// beyond the point.
struct ClonePoint {
  enum class Kind {
    kLatest,
    kOffset,     // before this offset
    kTimestamp,  // before the first record of at least this timestamp
  };
  Kind kind = Kind::kLatest;
  std::int64_t value = 0;  // an offset, or milliseconds
};

struct PartitionToClone {
  TopicPartition source;
  Uuid source_id;
  TopicPartition target;
  Uuid target_id;
  ClonePoint at;
};

}  // namespace gneiss::engine
