// SPDX-License-Identifier: Apache-2.0
#include "protocol/base/result.h"

namespace gneiss {

std::string_view ToString(Errc code) {
  switch (code) {
    case Errc::kMalformed:
      return "malformed";
    case Errc::kUnsupportedVersion:
      return "unsupported version";
    case Errc::kInvalidArgument:
      return "invalid argument";
    case Errc::kNotFound:
      return "not found";
    case Errc::kAlreadyExists:
      return "already exists";
    case Errc::kOutOfRange:
      return "out of range";
    case Errc::kWouldBlock:
      return "would block";
    case Errc::kCorrupt:
      return "corrupt";
    case Errc::kInvalidRecord:
      return "invalid record";
    case Errc::kInvalidTimestamp:
      return "invalid timestamp";
    case Errc::kMessageTooLarge:
      return "message too large";
    case Errc::kRecordListTooLarge:
      return "record list too large";
    case Errc::kUnsupportedCompression:
      return "unsupported compression";
    case Errc::kOutOfOrderSequence:
      return "out of order sequence";
    case Errc::kFencedProducer:
      return "fenced producer";
    case Errc::kFencedLeaderEpoch:
      return "fenced leader epoch";
    case Errc::kUnknownLeaderEpoch:
      return "unknown leader epoch";
    case Errc::kStorage:
      return "storage";
    case Errc::kDiskFull:
      return "disk full";
    case Errc::kResourceExhausted:
      return "resource exhausted";
    case Errc::kShuttingDown:
      return "shutting down";
    case Errc::kTimedOut:
      return "timed out";
    case Errc::kInternal:
      return "internal";
  }
  return "unknown";
}

}  // namespace gneiss
