// SPDX-License-Identifier: Apache-2.0
#include "protocol/records/control_record.h"

#include <glog/logging.h>

#include <array>

#include "protocol/base/big_endian.h"
#include "protocol/base/shared_bytes.h"
#include "protocol/records/batch_builder.h"

namespace gneiss::records {
namespace {

// Key: version int16, type int16. Value of a marker: version int16, coordinator epoch int32. Later
// versions may append to both.
constexpr std::size_t kKeyBytes = 4;
constexpr std::size_t kTypeAt = 2;
constexpr std::size_t kMarkerValueBytes = 6;
constexpr std::size_t kCoordinatorEpochAt = 2;
constexpr std::int16_t kVersion = 0;

}  // namespace

Result<ControlType> ParseControlType(const RecordView& record) {
  if (!record.key.has_value() || record.key->size() < kKeyBytes ||
      LoadBigEndian<std::int16_t>(record.key->data()) < 0) {
    return Fail(Errc::kInvalidRecord, "control record without a control key");
  }
  return static_cast<ControlType>(LoadBigEndian<std::int16_t>(record.key->data() + kTypeAt));
}

Result<TransactionMarker> TransactionMarker::Parse(const RecordView& record) {
  GNEISS_ASSIGN_OR_RETURN(const ControlType type, ParseControlType(record));
  if (type != ControlType::kAbort && type != ControlType::kCommit) {
    return Fail(Errc::kInvalidRecord, "control record is no transaction marker");
  }
  if (!record.value.has_value() || record.value->size() < kMarkerValueBytes ||
      LoadBigEndian<std::int16_t>(record.value->data()) < 0) {
    return Fail(Errc::kInvalidRecord, "transaction marker without a coordinator epoch");
  }
  const auto epoch = LoadBigEndian<std::int32_t>(record.value->data() + kCoordinatorEpochAt);
  return TransactionMarker{.type = type, .coordinator_epoch = epoch};
}

std::string BuildMarkerBatch(const TransactionMarker& marker, ProducerId producer_id,
                             std::int16_t producer_epoch, TimestampMs timestamp) {
  std::array<char, kKeyBytes> key;
  StoreBigEndian(key.data(), kVersion);
  StoreBigEndian(key.data() + kTypeAt, static_cast<std::int16_t>(marker.type));
  std::array<char, kMarkerValueBytes> value;
  StoreBigEndian(value.data(), kVersion);
  StoreBigEndian(value.data() + kCoordinatorEpochAt, marker.coordinator_epoch);

  BatchBuilder builder({.producer_id = producer_id,
                        .producer_epoch = producer_epoch,
                        .is_transactional = true,
                        .is_control = true});
  builder.Add(std::string_view(key.data(), key.size()),
              std::string_view(value.data(), value.size()), timestamp);
  Result<std::string> batch = builder.Build();
  CHECK(batch.has_value()) << batch.error().detail;  // it can only be too large
  return std::move(*batch);
}

}  // namespace gneiss::records
