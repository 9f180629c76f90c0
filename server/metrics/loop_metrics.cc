// SPDX-License-Identifier: Apache-2.0
#include "server/metrics/loop_metrics.h"

namespace gneiss::server {

const char* ToText(CloseReason reason) {
  switch (reason) {
    case CloseReason::kPeer:
      return "peer";
    case CloseReason::kIdle:
      return "idle";
    case CloseReason::kBadRequest:
      return "bad_request";
    case CloseReason::kFailedWrite:
      return "failed_write";
    case CloseReason::kMemory:
      return "memory";
    case CloseReason::kSlowReader:
      return "slow_reader";
    case CloseReason::kStop:
      return "stop";
  }
  return "";
}

void ApiMetrics::CountError(std::int16_t code) {
  if (code == ToWire(protocol::ErrorCode::kNone)) return;
  if (code < kErrorCodeMin || code > kErrorCodeMax) code = kErrorCodeMin;
  errors[static_cast<std::size_t>(code - kErrorCodeMin)].Add();
}

}  // namespace gneiss::server
