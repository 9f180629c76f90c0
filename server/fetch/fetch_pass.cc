// SPDX-License-Identifier: Apache-2.0
#include "server/fetch/fetch_pass.h"

#include <algorithm>
#include <utility>

#include "protocol/base/big_endian.h"
#include "server/dispatch/error_mapping.h"
#include "server/limits.h"
#include "server/partition_lookup.h"

namespace gneiss::server {

namespace {

std::size_t NotNegative(std::int32_t bytes) { return static_cast<std::size_t>(std::max(bytes, 0)); }

}  // namespace

Offset OffsetBehind(const SharedBytes& batch) {
  constexpr std::size_t kLastOffsetDeltaPosition = 23;
  return Offset(LoadBigEndian<std::int64_t>(batch.data()) +
                LoadBigEndian<std::int32_t>(batch.data() + kLastOffsetDeltaPosition) + 1);
}

FetchPass::FetchPass(std::span<const FetchItem> items, FetchLimits limits)
    : items_(items), limits_(limits), answers_(items.size()) {}

FetchPass::Progress FetchPass::Run(engine::ReadTier tier) {
  for (; next_ < items_.size(); ++next_) {
    if (ReadOne(items_[next_], tier, answers_[next_]) == Outcome::kWouldBlock) {
      answers_[next_] = FetchedPartition();  // it is read again from the start
      return Progress::kNeedsThread;
    }
  }
  return Progress::kDone;
}

FetchPass::Outcome FetchPass::ReadOne(const FetchItem& item, engine::ReadTier tier,
                                      FetchedPartition& answer) {
  if (item.error != ErrorCode::kNone) {
    answer.error = item.error;
    answer.aborted.emplace();  // as Kafka answers what it did not try to read
    return Outcome::kRead;
  }
  const LeaderEpoch asked = std::max(item.target->current_leader_epoch, kNoLeaderEpoch);
  if (const ErrorCode error = CheckLeaderEpoch(*item.partition, asked); error != ErrorCode::kNone) {
    Refuse(error, answer);
    return Outcome::kRead;
  }
  // Taken before the read: what the answer says of the ends is never more than it could read.
  const engine::LogOffsets offsets = item.partition->log->offsets();
  if (!CheckEpochs(item, offsets, answer)) return Outcome::kRead;
  const Offset from = item.target->fetch_offset;
  if (!answer.diverging_epoch && (from < offsets.log_start || from > offsets.log_end)) {
    Refuse(ErrorCode::kOffsetOutOfRange, answer);
    return Outcome::kRead;
  }
  answer.high_watermark = offsets.high_watermark;
  answer.last_stable_offset = offsets.last_stable;
  answer.log_start_offset = offsets.log_start;
  const bool committed_only = limits_.bound == FetchBound::kLastStableOffset;
  if (committed_only) answer.aborted.emplace();
  const Offset upper_bound = committed_only ? offsets.last_stable : offsets.high_watermark;
  if (answer.diverging_epoch || from >= upper_bound) return Outcome::kRead;
  return ReadBatches(item, tier, upper_bound, answer);
}

// KIP-595: a reader that knows the epoch of the record before its offset learns here that its log
// went another way. False: the answer is refused.
bool FetchPass::CheckEpochs(const FetchItem& item, const engine::LogOffsets& offsets,
                            FetchedPartition& answer) {
  const LeaderEpoch last_fetched = item.target->last_fetched_epoch;
  if (last_fetched < LeaderEpoch(0)) return true;
  const engine::EpochEnd end = item.partition->log->EndOffsetForEpoch(last_fetched);
  if (end.leader_epoch == kNoLeaderEpoch || end.end_offset == kNoOffset ||
      item.target->fetch_offset < offsets.log_start) {
    Refuse(ErrorCode::kOffsetOutOfRange, answer);
    return false;
  }
  if (end.leader_epoch < last_fetched || end.end_offset < item.target->fetch_offset) {
    answer.diverging_epoch = end;
    must_answer_ = true;
  }
  return true;
}

FetchPass::Outcome FetchPass::ReadBatches(const FetchItem& item, engine::ReadTier tier,
                                          Offset upper_bound, FetchedPartition& answer) {
  const std::size_t left = limits_.bytes_max - std::min(bytes_, limits_.bytes_max);
  const std::size_t wanted = std::min(NotNegative(item.target->partition_max_bytes), left);
  // The first partition with records always gives a batch, however small the limits are.
  if ((wanted == 0 && bytes_ > 0) || views_ == limits::kFetchViewsMax) return Outcome::kRead;
  engine::ReadLimits read{.bytes_max = wanted,
                          .upper_bound = upper_bound,
                          .at_least_one_batch = bytes_ == 0,
                          .tier = tier};
  if (tier == engine::ReadTier::kMemory) {
    if (bytes_ >= limits::kFetchBytesOnLoopMax) return Outcome::kWouldBlock;
    read.bytes_max = std::min(wanted, limits::kFetchBytesOnLoopMax - bytes_);
  }
  Result<engine::ReadView> view = item.partition->log->Read(item.target->fetch_offset, read);
  if (!view) {
    if (view.error().code == Errc::kWouldBlock) return Outcome::kWouldBlock;
    answer = FetchedPartition();
    Refuse(ToKafka(view.error().code), answer);
    return Outcome::kRead;
  }
  answer.view = std::move(*view);
  bytes_ += answer.view.bytes;
  answer.readable_bytes = answer.view.bytes;
  if (answer.view.batches.empty()) {
    // The next batch is larger than what is left of the limits.
    if (!read.at_least_one_batch) answer.readable_bytes = wanted;
  } else {
    ++views_;
    const Offset end = OffsetBehind(answer.view.batches.back());
    if (end < upper_bound) answer.readable_bytes = std::max(answer.view.bytes, wanted);
    if (answer.aborted) {
      answer.aborted = item.partition->log->AbortedTransactions(item.target->fetch_offset, end);
    }
  }
  readable_bytes_ += answer.readable_bytes;
  return Outcome::kRead;
}

void FetchPass::Refuse(ErrorCode error, FetchedPartition& answer) {
  answer.error = error;
  must_answer_ = true;
}

}  // namespace gneiss::server
