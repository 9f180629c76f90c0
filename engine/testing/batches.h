// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <future>
#include <string>
#include <vector>

#include "engine/partition_log.h"
#include "protocol/base/ids.h"
#include "protocol/records/control_record.h"
#include "protocol/records/record_batch.h"
#include "protocol/records/validate.h"

// Batches for tests, made and looked at in one line.
namespace gneiss::engine::testing {

using Values = std::vector<std::string>;

// An idempotent producer's place in its sequence.
struct From {
  std::int64_t producer_id = -1;
  std::int16_t epoch = 0;
  std::int32_t sequence = 0;
  bool transactional = false;
  bool keyed = false;  // the records' keys are their values
};

// One uncompressed batch of records with these values, as ValidateForAppend lets it through.
// `timestamps`: one per value; without: all 1000.
records::ValidatedBatch BatchOf(const Values& values, const From& from = {},
                                const std::vector<TimestampMs>& timestamps = {});

// A commit or abort marker as a transaction coordinator writes it.
records::ValidatedBatch MarkerOf(records::ControlType type, const From& from);

// Appends, and what the answer will be.
std::future<Result<AppendResult>> StartAppend(PartitionLog& log, records::ValidatedBatch batch);
// Waits for the answer.
Result<AppendResult> AppendAndWait(PartitionLog& log, records::ValidatedBatch batch);
Result<Offset> AdvanceLogStartAndWait(PartitionLog& log, Offset to);

// The values of the records of all batches.
Values ValuesOf(const ReadView& view);
// base offset of each batch.
std::vector<Offset> BaseOffsetsOf(const ReadView& view);

}  // namespace gneiss::engine::testing
