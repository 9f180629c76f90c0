// SPDX-License-Identifier: Apache-2.0
#include "protocol/records/record_times.h"

#include <limits>
#include <string>

namespace gneiss::records {

RecordTimes::RecordTimes(const RecordBatchView& batch)
    : header_(batch.header()), plain_(batch.records()) {
  if (header_.codec() == Codec::kNone) return;
  // Validation bounded what a batch decompresses to when it came in.
  stream_ = std::make_unique<StreamSource>(header_.codec(), batch.records(),
                                           std::numeric_limits<std::size_t>::max());
}

Result<std::optional<RecordTime>> RecordTimes::Next() {
  if (index_ >= header_.record_count) return std::nullopt;
  RecordLayout layout;
  const bool sound =
      stream_ ? ReadRecordLayout(*stream_, layout) : ReadRecordLayout(plain_, layout);
  if (!sound) {
    if (stream_ && stream_->error().has_value()) return std::unexpected<Error>(*stream_->error());
    return Fail(Errc::kInvalidRecord,
                "record " + std::to_string(index_) + " does not fit the bytes of its batch");
  }
  ++index_;
  return RecordTime{.offset = header_.base_offset + layout.offset_delta,
                    .timestamp = header_.TimeOf(layout.timestamp_delta)};
}

}  // namespace gneiss::records
