// SPDX-License-Identifier: Apache-2.0
#include "engine/testing/batches.h"

#include <glog/logging.h>

#include <utility>

#include "protocol/base/shared_bytes.h"
#include "protocol/records/batch_builder.h"
#include "protocol/records/record_iterator.h"

namespace gneiss::engine::testing {
namespace {

constexpr TimestampMs kDefaultTimestamp = 1000;

records::ValidatedBatch Validate(std::string batch, records::AppendOrigin origin) {
  records::ValidationRules rules;
  rules.origin = origin;
  auto validated =
      records::ValidateForAppend(SharedBytes::Own(std::move(batch)), rules, kDefaultTimestamp);
  CHECK(validated.has_value()) << validated.error().detail;
  return std::move(*validated);
}

records::RecordBatchView ParseBatch(const SharedBytes& bytes) {
  auto batch = records::RecordBatchView::Parse(bytes.view());
  CHECK(batch.has_value()) << batch.error().detail;
  CHECK(batch->VerifyCrc().has_value()) << "stored batch with a wrong CRC";
  return *batch;
}

}  // namespace

records::ValidatedBatch BatchOf(const Values& values, const From& from,
                                const std::vector<TimestampMs>& timestamps) {
  records::BatchOptions options;
  if (from.producer_id >= 0) {
    options.producer_id = ProducerId(from.producer_id);
    options.producer_epoch = from.epoch;
    options.base_sequence = from.sequence;
    options.is_transactional = from.transactional;
  }
  records::BatchBuilder builder(options);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto key = from.keyed ? std::optional<std::string_view>(values[i]) : std::nullopt;
    builder.Add(key, values[i], timestamps.empty() ? kDefaultTimestamp : timestamps[i]);
  }
  auto batch = builder.Build();
  CHECK(batch.has_value()) << batch.error().detail;
  return Validate(std::move(*batch), records::AppendOrigin::kClient);
}

records::ValidatedBatch MarkerOf(records::ControlType type, const From& from) {
  return Validate(
      records::BuildMarkerBatch({.type = type, .coordinator_epoch = 0},
                                ProducerId(from.producer_id), from.epoch, kDefaultTimestamp),
      records::AppendOrigin::kCoordinator);
}

// The promises belong to the callbacks: one on the caller's stack could be gone before set_value
// has returned.
std::future<Result<AppendResult>> StartAppend(PartitionLog& log, records::ValidatedBatch batch) {
  std::promise<Result<AppendResult>> promise;
  std::future<Result<AppendResult>> future = promise.get_future();
  log.Append(std::move(batch), [promise = std::move(promise)](Result<AppendResult> result) mutable {
    promise.set_value(std::move(result));
  });
  return future;
}

Result<AppendResult> AppendAndWait(PartitionLog& log, records::ValidatedBatch batch) {
  return StartAppend(log, std::move(batch)).get();
}

Result<Offset> AdvanceLogStartAndWait(PartitionLog& log, Offset to) {
  std::promise<Result<Offset>> promise;
  std::future<Result<Offset>> future = promise.get_future();
  log.AdvanceLogStart(to, [promise = std::move(promise)](Result<Offset> result) mutable {
    promise.set_value(std::move(result));
  });
  return future.get();
}

Values ValuesOf(const ReadView& view) {
  Values values;
  for (const SharedBytes& bytes : view.batches) {
    auto records = records::RecordIterator::Open(ParseBatch(bytes));
    CHECK(records.has_value()) << records.error().detail;
    while (true) {
      auto record = records->Next();
      CHECK(record.has_value()) << record.error().detail;
      if (!*record) break;
      values.emplace_back((*record)->value.value_or("null"));
    }
  }
  return values;
}

std::vector<Offset> BaseOffsetsOf(const ReadView& view) {
  std::vector<Offset> offsets;
  for (const SharedBytes& bytes : view.batches) {
    offsets.push_back(ParseBatch(bytes).header().base_offset);
  }
  return offsets;
}

}  // namespace gneiss::engine::testing
