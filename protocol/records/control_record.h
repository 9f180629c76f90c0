// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/records/record_batch.h"
#include "protocol/records/record_iterator.h"

namespace gneiss::records {

// What the one record of a control batch means: the second int16 of its key. ON DISK: never
// renumber.
enum class ControlType : std::int16_t {
  kAbort = 0,
  kCommit = 1,
  kLeaderChange = 2,
  kSnapshotHeader = 3,
  kSnapshotFooter = 4,
  kKRaftVersion = 5,
  kKRaftVoters = 6,
};

// kInvalidRecord if the key is not that of a control record. Types newer than this list are passed
// on: readers skip what they do not know.
Result<ControlType> ParseControlType(const RecordView& record);

// The end of a transaction in one partition.
struct TransactionMarker {
  ControlType type = ControlType::kAbort;  // kAbort or kCommit
  std::int32_t coordinator_epoch = 0;

  // kInvalidRecord unless `record` is a commit or abort marker.
  static Result<TransactionMarker> Parse(const RecordView& record);

  bool operator==(const TransactionMarker&) const = default;
};

// A batch with this marker, base offset 0 and no leader epoch yet.
std::string BuildMarkerBatch(const TransactionMarker& marker, ProducerId producer_id,
                             std::int16_t producer_epoch, TimestampMs timestamp);

}  // namespace gneiss::records
