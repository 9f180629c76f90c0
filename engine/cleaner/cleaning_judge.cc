// SPDX-License-Identifier: Apache-2.0
#include "engine/cleaner/cleaning_judge.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "protocol/records/batch_builder.h"
#include "protocol/records/record_iterator.h"

namespace gneiss::engine {
namespace {

using records::BatchBuilder;
using records::BatchHeader;
using records::BatchOptions;
using records::RecordBatchView;
using records::RecordIterator;
using records::RecordView;
using Verdict = BatchCleaner::Verdict;

BatchOptions OptionsOf(const BatchHeader& header, std::optional<TimestampMs> delete_horizon) {
  const bool log_append_time = header.timestamp_type() == records::TimestampType::kLogAppendTime;
  return {.base_offset = header.base_offset,
          .leader_epoch = header.leader_epoch,
          .codec = header.codec(),
          .timestamp_type = header.timestamp_type(),
          .log_append_time = log_append_time ? header.max_timestamp : kNoTimestamp,
          .producer_id = header.producer_id,
          .producer_epoch = header.producer_epoch,
          .base_sequence = header.base_sequence,
          .is_transactional = header.is_transactional(),
          .is_control = header.is_control(),
          .delete_horizon = delete_horizon};
}

std::optional<TimestampMs> HorizonOf(const BatchHeader& header) {
  if (!header.has_delete_horizon()) return std::nullopt;
  return header.base_timestamp;
}

// The batch with these of its records, and with its last offset.
Result<std::string> Rebuild(const BatchHeader& header, std::optional<TimestampMs> delete_horizon,
                            const std::vector<RecordView>& kept) {
  BatchBuilder builder(OptionsOf(header, delete_horizon));
  std::vector<records::HeaderView> headers;
  for (const RecordView& record : kept) {
    headers.assign(record.headers.begin(), record.headers.end());
    builder.AddAt(record.offset, {.timestamp = record.timestamp,
                                  .key = record.key,
                                  .value = record.value,
                                  .headers = headers});
  }
  builder.SetLastOffset(header.last_offset());
  return builder.Build();
}

// The records for which `stays` says so. The views are of the batch or of `records`.
template <class Stays>
Result<std::vector<RecordView>> Keep(RecordIterator& records, Stays stays) {
  std::vector<RecordView> kept;
  kept.reserve(static_cast<std::size_t>(std::max(records.header().record_count, 0)));
  while (true) {
    GNEISS_ASSIGN_OR_RETURN(const auto record, records.Next());
    if (!record) return kept;
    if (stays(*record)) kept.push_back(*record);
  }
}

}  // namespace

bool CleaningRules::IsAborted(const BatchHeader& batch) const {
  if (!batch.is_transactional()) return false;
  const auto of_producer = aborted.find(batch.producer_id);
  if (of_producer == aborted.end()) return false;
  // The first marker behind the batch ended its transaction, if that began before the batch.
  const auto& transactions = of_producer->second;
  const auto at = std::ranges::upper_bound(transactions, batch.base_offset, {},
                                           &std::pair<Offset, Offset>::second);
  return at != transactions.end() && at->first <= batch.base_offset;
}

Verdict CleaningJudge::Judge(std::span<const std::byte> bytes, std::string* rewritten) const {
  const Result<Verdict> verdict = TryJudge(bytes, rewritten);
  if (verdict) return *verdict;
  unjudged_.fetch_add(1);
  return Verdict::kKeep;
}

Result<Verdict> CleaningJudge::TryJudge(std::span<const std::byte> bytes,
                                        std::string* rewritten) const {
  GNEISS_ASSIGN_OR_RETURN(const RecordBatchView batch, RecordBatchView::Parse(bytes));
  const BatchHeader& header = batch.header();
  if (header.last_offset() < piece_.from || header.base_offset >= piece_.to) return Verdict::kKeep;
  if (header.record_count == 0) return WithoutRecords(header, rewritten);
  if (!header.is_control() && rules_->IsAborted(header)) return WithoutRecords(header, rewritten);
  // What is built anew gets a CRC of its own, which must not bless damage.
  GNEISS_RETURN_IF_ERROR(batch.VerifyCrc());
  return header.is_control() ? JudgeMarker(batch, rewritten) : JudgeRecords(batch, rewritten);
}

Result<Verdict> CleaningJudge::JudgeMarker(const RecordBatchView& batch,
                                           std::string* rewritten) const {
  const BatchHeader& header = batch.header();
  if (!std::ranges::binary_search(piece_.spent_markers, header.last_offset())) {
    return Verdict::kKeep;
  }
  if (HorizonHasPassed(header)) return WithoutRecords(header, rewritten);
  if (header.has_delete_horizon()) return Verdict::kKeep;
  GNEISS_ASSIGN_OR_RETURN(auto records, RecordIterator::Open(batch));
  GNEISS_ASSIGN_OR_RETURN(const auto kept, Keep(records, [](const RecordView&) { return true; }));
  GNEISS_ASSIGN_OR_RETURN(*rewritten, Rebuild(header, NewHorizon(), kept));
  return Verdict::kRewrite;
}

Result<Verdict> CleaningJudge::JudgeRecords(const RecordBatchView& batch,
                                            std::string* rewritten) const {
  const BatchHeader& header = batch.header();
  const bool horizon_has_passed = HorizonHasPassed(header);
  const auto stays = [&](const RecordView& record) {
    if (record.offset >= rules_->end) return true;
    if (!record.key) return false;
    if (!record.value && horizon_has_passed) return false;
    return record.offset >= rules_->keys.Find(*record.key).value_or(kNoOffset);
  };
  GNEISS_ASSIGN_OR_RETURN(auto records, RecordIterator::Open(batch));
  GNEISS_ASSIGN_OR_RETURN(const auto kept, Keep(records, stays));
  if (kept.empty()) return WithoutRecords(header, rewritten);
  const bool has_tombstone = std::ranges::any_of(
      kept, [&](const RecordView& record) { return !record.value && record.offset < rules_->end; });
  const bool needs_horizon = has_tombstone && !header.has_delete_horizon();
  if (std::ssize(kept) == header.record_count && !needs_horizon) return Verdict::kKeep;
  const auto horizon = needs_horizon ? std::optional(NewHorizon()) : HorizonOf(header);
  GNEISS_ASSIGN_OR_RETURN(*rewritten, Rebuild(header, horizon, kept));
  return Verdict::kRewrite;
}

Verdict CleaningJudge::WithoutRecords(const BatchHeader& header, std::string* rewritten) const {
  if (header.last_offset() != rules_->last_batch) return Verdict::kRemove;
  if (header.record_count == 0) return Verdict::kKeep;
  *rewritten = records::BuildEmptiedBatch(header);
  return Verdict::kRewrite;
}

bool CleaningJudge::HorizonHasPassed(const BatchHeader& header) const {
  return header.has_delete_horizon() && header.base_timestamp <= rules_->now;
}

TimestampMs CleaningJudge::NewHorizon() const {
  const TimestampMs latest = std::numeric_limits<TimestampMs>::max() - rules_->now;
  return rules_->now + std::min(rules_->delete_retention_ms, latest);
}

}  // namespace gneiss::engine
