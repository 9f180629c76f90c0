// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "engine/partition_log.h"
#include "protocol/base/ids.h"
#include "server/dispatch/error_mapping.h"

namespace gneiss::server {

// FetchedPartition is the answer for one partition of a fetch, before it becomes a message.
// Its view keeps RocksDB iterators alive: it is dropped before a fetch is parked.
struct FetchedPartition {
  ErrorCode error = ErrorCode::kNone;
  // All -1 with an error: an offset that is wrong is worse than none.
  Offset high_watermark = kNoOffset;
  Offset last_stable_offset = kNoOffset;
  Offset log_start_offset = kNoOffset;
  std::optional<engine::EpochEnd> diverging_epoch;
  // Present for read_committed, null on the wire for read_uncommitted.
  std::optional<std::vector<engine::AbortedTransaction>> aborted;
  engine::ReadView view;
  // What could be returned if the limits were at byte, not batch borders: counts to MinBytes.
  std::size_t readable_bytes = 0;
};

}  // namespace gneiss::server
