// SPDX-License-Identifier: Apache-2.0
#include "engine/housekeeping/retention_plan.h"

#include <algorithm>
#include <limits>

namespace gneiss::engine {
namespace {

// When a part with this newest record has expired. The timestamp is the client's: it may be
// anything.
TimestampMs ExpiryOf(TimestampMs newest, std::int64_t retention_ms) {
  constexpr auto kMax = std::numeric_limits<TimestampMs>::max();
  return newest > kMax - retention_ms ? kMax : newest + retention_ms;
}

}  // namespace

RetentionAnswer DecideRetention(const RetentionQuestion& question, const LogConfig& config) {
  RetentionAnswer answer{.log_start = question.log_start};
  if (!config.cleanup_delete) return answer;
  const bool by_size = config.retention_bytes >= 0;
  const bool by_time = config.retention_ms >= 0;
  std::int64_t excess = by_size ? question.visible_bytes - config.retention_bytes : -1;

  const auto take = [&](const LogPart& part, LogStartReason reason) {
    answer.log_start = part.max_offset + 1;
    answer.reason = reason;
    answer.bytes += part.bytes;
    ++answer.parts;
    excess -= part.bytes;
  };
  const auto rest = [&] { return question.parts.subspan(answer.parts); };
  const auto is_committed = [&](const LogPart& part) {
    return part.max_offset < question.high_watermark;
  };
  while (by_size && !rest().empty() && excess >= rest().front().bytes &&
         is_committed(rest().front())) {
    take(rest().front(), LogStartReason::kRetentionBytes);
  }
  while (by_time && !rest().empty() && is_committed(rest().front()) &&
         question.now > ExpiryOf(rest().front().newest, config.retention_ms)) {
    take(rest().front(), LogStartReason::kRetentionMs);
  }
  if (rest().empty() && by_size) answer.bytes_until_expiry = std::max<std::int64_t>(-excess, 1);
  if (rest().empty() || (!by_size && !by_time)) return answer;
  const LogPart& next = rest().front();
  answer.next_log_start = next.max_offset + 1;
  if (by_time) answer.next_expiry = ExpiryOf(next.newest, config.retention_ms);
  if (by_size) answer.bytes_until_expiry = next.bytes - excess;
  return answer;
}

}  // namespace gneiss::engine
