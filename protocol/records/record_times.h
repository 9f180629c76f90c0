// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/records/record_batch.h"
#include "protocol/records/record_layout.h"

namespace gneiss::records {

struct RecordTime {
  Offset offset{};
  TimestampMs timestamp = kNoTimestamp;

  bool operator==(const RecordTime&) const = default;
};

// RecordTimes goes over the offsets and timestamps of a batch's records, as a lookup by time does.
// Keys and values are skipped: a compressed batch is decompressed only as far as one goes, in
// constant memory, where RecordIterator holds it whole. Threads: one.
class RecordTimes {
 public:
  // The bytes behind `batch` must outlive it. Does not look at the CRC.
  explicit RecordTimes(const RecordBatchView& batch);

  // The next record, or nothing behind the last one that the header counts. kInvalidRecord if the
  // records break the format, kCorrupt if they do not decompress.
  Result<std::optional<RecordTime>> Next();

 private:
  BatchHeader header_;
  SpanSource plain_;                      // of a batch that is not compressed
  std::unique_ptr<StreamSource> stream_;  // of one that is
  std::int32_t index_ = 0;
};

}  // namespace gneiss::records
