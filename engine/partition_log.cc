// SPDX-License-Identifier: Apache-2.0
#include "engine/partition_log.h"

namespace gneiss::engine {

const char* ToText(LogStartReason reason) {
  switch (reason) {
    case LogStartReason::kBeginning:
      return "beginning";
    case LogStartReason::kDeleteRecords:
      return "DeleteRecords";
    case LogStartReason::kRetentionMs:
      return "retention.ms";
    case LogStartReason::kRetentionBytes:
      return "retention.bytes";
    case LogStartReason::kMissing:
      return "missing";
  }
  return "unknown";
}

}  // namespace gneiss::engine
