// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "protocol/base/ids.h"

namespace gneiss::engine {

// What log compaction knows of one partition since the start.
struct CleaningStatus {
  Offset first_dirty;  // what is below it is compacted
  // Of what may be cleaned, as last looked at: neither young nor in memory only.
  std::uint64_t dirty_bytes = 0;
  double dirty_ratio = 0;
  std::int64_t cleans = 0;
  std::string uncleanable;  // why the last try failed; empty: it did not
};

// Of all partitions.
struct CleanerStats {
  std::size_t uncleanable = 0;  // partitions whose last try failed
  std::uint64_t cleans = 0;     // counters from here on
  std::uint64_t bytes_read = 0;
  std::uint64_t bytes_written = 0;
};

}  // namespace gneiss::engine
