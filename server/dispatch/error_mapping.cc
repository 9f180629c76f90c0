// SPDX-License-Identifier: Apache-2.0
#include "server/dispatch/error_mapping.h"

namespace gneiss::server {

// No default: the compiler refuses a new Errc until it has a line here.
ErrorCode ToKafka(Errc code) {
  switch (code) {
    case Errc::kMalformed:
    case Errc::kInvalidArgument:
      return ErrorCode::kInvalidRequest;
    case Errc::kUnsupportedVersion:
      return ErrorCode::kUnsupportedVersion;
    case Errc::kNotFound:  // a partition that was deleted meanwhile
      return ErrorCode::kUnknownTopicOrPartition;
    case Errc::kAlreadyExists:
      return ErrorCode::kTopicAlreadyExists;
    case Errc::kOutOfRange:
      return ErrorCode::kOffsetOutOfRange;
    case Errc::kCorrupt:
      return ErrorCode::kCorruptMessage;
    case Errc::kInvalidRecord:
      return ErrorCode::kInvalidRecord;
    case Errc::kInvalidTimestamp:
      return ErrorCode::kInvalidTimestamp;
    case Errc::kMessageTooLarge:
      return ErrorCode::kMessageTooLarge;
    case Errc::kRecordListTooLarge:
      return ErrorCode::kRecordListTooLarge;
    case Errc::kUnsupportedCompression:
      return ErrorCode::kUnsupportedCompressionType;
    case Errc::kOutOfOrderSequence:
      return ErrorCode::kOutOfOrderSequenceNumber;
    case Errc::kFencedProducer:
      return ErrorCode::kInvalidProducerEpoch;
    case Errc::kFencedLeaderEpoch:
      return ErrorCode::kFencedLeaderEpoch;
    case Errc::kUnknownLeaderEpoch:
      return ErrorCode::kUnknownLeaderEpoch;
    case Errc::kStorage:
    case Errc::kDiskFull:  // clients retry this code, which is what a full disk needs
      return ErrorCode::kKafkaStorageError;
    case Errc::kShuttingDown:  // makes the client ask where the leader has gone, and retry
      return ErrorCode::kNotLeaderOrFollower;
    case Errc::kTimedOut:
    case Errc::kResourceExhausted:
      return ErrorCode::kRequestTimedOut;
    case Errc::kWouldBlock:  // a caller forgot to go on to a reader thread
    case Errc::kInternal:
      return ErrorCode::kUnknownServerError;
  }
  return ErrorCode::kUnknownServerError;
}

}  // namespace gneiss::server
