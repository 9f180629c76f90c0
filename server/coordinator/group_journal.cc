// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/group_journal.h"

#include <utility>

#include "protocol/records/batch_builder.h"
#include "protocol/records/validate.h"

namespace gneiss::server {
namespace {

Result<records::ValidatedBatch> MakeBatch(const std::vector<CoordinatorRecord>& records,
                                          const TopicConfig& config, TimestampMs now) {
  records::BatchBuilder builder;
  for (const CoordinatorRecord& record : records) builder.Add(record.key, record.value, now);
  GNEISS_ASSIGN_OR_RETURN(std::string batch, builder.Build());
  const records::ValidationRules rules{.origin = records::AppendOrigin::kCoordinator,
                                       .max_message_bytes = config.max_message_bytes,
                                       .segment_bytes = config.segment_bytes,
                                       .keys = records::KeyRule::kRequired,
                                       .timestamp_type = config.timestamp_type};
  records::ValidationResult valid =
      records::ValidateForAppend(SharedBytes::Own(std::move(batch)), rules, now);
  if (!valid.has_value()) return Fail(valid.error().code, valid.error().detail);
  return std::move(*valid);
}

}  // namespace

void GroupJournal::Enqueue(std::vector<CoordinatorRecord> records, Done done) {
  const MutexLock lock(mutex_);
  queue_.push_back({std::move(records), std::move(done)});
}

void GroupJournal::Drain() {
  while (true) {
    Entry entry;
    {
      const MutexLock lock(mutex_);
      if (draining_ || queue_.empty()) return;
      draining_ = true;
      entry = std::move(queue_.front());
      queue_.pop_front();
    }
    Append(std::move(entry));
    const MutexLock lock(mutex_);
    draining_ = false;
  }
}

void GroupJournal::Append(Entry entry) {
  const PartitionPtr partition = find_partition_();
  if (partition == nullptr) {
    entry.done(Fail(Errc::kNotFound, "the partition is not served here"));
    return;
  }
  Result<records::ValidatedBatch> batch =
      MakeBatch(entry.records, *partition->config, clock_.WallMs());
  if (!batch.has_value()) {
    entry.done(std::unexpected(batch.error()));
    return;
  }
  partition->log->Append(std::move(*batch), [done = std::move(entry.done)](
                                                Result<engine::AppendResult> result) mutable {
    if (result.has_value()) {
      done({});
    } else {
      done(std::unexpected(std::move(result.error())));
    }
  });
}

ErrorCode GroupWriteError(Errc code) {
  switch (code) {
    case Errc::kNotFound:
    case Errc::kStorage:
    case Errc::kShuttingDown:
    case Errc::kFencedLeaderEpoch:
      return ErrorCode::kNotCoordinator;  // the client looks for one that can write
    case Errc::kDiskFull:
    case Errc::kResourceExhausted:
    case Errc::kTimedOut:
      return ErrorCode::kCoordinatorNotAvailable;  // the client tries again
    case Errc::kMalformed:
    case Errc::kUnsupportedVersion:
    case Errc::kInvalidArgument:
    case Errc::kAlreadyExists:
    case Errc::kOutOfRange:
    case Errc::kWouldBlock:
    case Errc::kCorrupt:
    case Errc::kInvalidRecord:
    case Errc::kInvalidTimestamp:
    case Errc::kMessageTooLarge:
    case Errc::kRecordListTooLarge:
    case Errc::kUnsupportedCompression:
    case Errc::kOutOfOrderSequence:
    case Errc::kFencedProducer:
    case Errc::kUnknownLeaderEpoch:
    case Errc::kInternal:
      return ErrorCode::kUnknownServerError;
  }
  return ErrorCode::kUnknownServerError;
}

ErrorCode OffsetWriteError(Errc code) {
  const bool is_too_large = code == Errc::kMessageTooLarge || code == Errc::kRecordListTooLarge;
  return is_too_large ? ErrorCode::kInvalidCommitOffsetSize : GroupWriteError(code);
}

}  // namespace gneiss::server
