// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>

#include "engine/database.h"
#include "engine/partition_log.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"

// Lookups by time, exact also where timestamps are out of order. There is no time index: an SST
// whose greatest timestamp (engine/batch_properties.h) is too small is skipped whole, a batch by
// its header. Both look at records in [from, to) only. May block. Threads: any.
namespace gneiss::engine {

// The first record with a timestamp of at least `target`.
Result<std::optional<TimestampOffset>> FindFirstAtOrAfter(std::shared_ptr<const Family> family,
                                                          TimestampMs target, Offset from,
                                                          Offset to);

// The first record with the greatest timestamp. Nothing where no record has a timestamp.
Result<std::optional<TimestampOffset>> FindGreatest(std::shared_ptr<const Family> family,
                                                    Offset from, Offset to);

}  // namespace gneiss::engine
