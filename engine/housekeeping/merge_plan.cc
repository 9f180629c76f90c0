// SPDX-License-Identifier: Apache-2.0
#include "engine/housekeeping/merge_plan.h"

#include <algorithm>
#include <limits>

namespace gneiss::engine {
namespace {

// A retention scan or a drop touches a file as a whole, and a flush of a busy partition is half as
// large: such files are never rewritten.
constexpr std::int64_t kMergedBytesMax = std::int64_t{32} << 20;
constexpr std::size_t kFanIn = 8;
// Of retention.ms: expired data stays so much longer at most because of merging.
constexpr std::int64_t kRetentionShare = 8;

// A range of neighbours while it grows.
class Window {
 public:
  Window(const LogFile& first, std::size_t index) : range_{index, 0} { Add(first); }

  bool Fits(const LogFile& next, const MergeRules& rules) const {
    const TimestampMs from = std::min(first_written_, next.written_first);
    const TimestampMs to = std::max(last_written_, next.written_first);
    return bytes_ + next.file_bytes <= rules.bytes_max && to - from <= rules.span_ms_max;
  }
  void Add(const LogFile& file) {
    ++range_.count;
    bytes_ += file.file_bytes;
    largest_ = std::max(largest_, file.file_bytes);
    first_written_ = std::min(first_written_, file.written_first);
    last_written_ = std::max(last_written_, file.written_first);
  }
  bool Doubles() const { return range_.count >= 2 && largest_ * 2 <= bytes_; }
  const MergeRange& range() const { return range_; }

 private:
  MergeRange range_;
  std::int64_t bytes_ = 0;
  std::int64_t largest_ = 0;
  TimestampMs first_written_ = std::numeric_limits<TimestampMs>::max();
  TimestampMs last_written_ = std::numeric_limits<TimestampMs>::min();
};

}  // namespace

MergeRules MergeRulesOf(const LogConfig& config) {
  MergeRules rules{.bytes_max = std::min(config.segment_bytes, kMergedBytesMax),
                   .split_bytes = config.segment_bytes + config.segment_bytes / 4,
                   .span_ms_max = config.segment_ms,
                   .fan_in = kFanIn};
  if (config.cleanup_delete && config.retention_ms >= 0) {
    rules.span_ms_max = std::min(rules.span_ms_max, config.retention_ms / kRetentionShare);
  }
  return rules;
}

std::optional<MergeRange> ChooseMerge(std::span<const LogFile> files, const MergeRules& rules) {
  const auto may_merge = [&](const LogFile& file) {
    return file.level > 0 && file.file_bytes * 2 <= rules.bytes_max;
  };
  for (std::size_t first = 0; first < files.size(); ++first) {
    if (!may_merge(files[first])) continue;
    Window window(files[first], first);
    std::size_t next = first + 1;
    for (; next < files.size() && may_merge(files[next]); ++next) {
      if (!window.Fits(files[next], rules)) break;
      window.Add(files[next]);
      if (window.range().count >= rules.fan_in && window.Doubles()) return window.range();
    }
    // Something stands behind it that can never join: nothing is gained by waiting for more.
    const bool closed = next < files.size() && files[next].level > 0;
    if (closed && window.Doubles()) return window.range();
  }
  return std::nullopt;
}

std::optional<MergeRange> ChooseSplit(std::span<const LogFile> files, const MergeRules& rules,
                                      Offset from) {
  const auto large = std::ranges::find_if(files, [&](const LogFile& file) {
    return file.level > 0 && file.max_offset >= from && file.file_bytes > rules.split_bytes;
  });
  if (large == files.end()) return std::nullopt;
  return MergeRange{static_cast<std::size_t>(large - files.begin()), 1};
}

}  // namespace gneiss::engine
