// SPDX-License-Identifier: Apache-2.0
#include "engine/time_marks.h"

#include <algorithm>

namespace gneiss::engine {
namespace {

// 64 MB of batches: more than the memtables of a family hold at most times.
constexpr std::size_t kRecentMarksMax = 1024;

// Begins a new mark when the last one is full.
void AddToMarks(const TimeMark& batch, std::size_t bytes, std::size_t distance,
                std::vector<TimeMark>& marks, std::size_t& last_mark_bytes) {
  if (marks.empty() || last_mark_bytes + bytes > distance) {
    marks.push_back(batch);
    last_mark_bytes = bytes;
    return;
  }
  marks.back().last_offset = batch.last_offset;
  marks.back().max_timestamp = std::max(marks.back().max_timestamp, batch.max_timestamp);
  last_mark_bytes += bytes;
}

}  // namespace

void FileTimeMarks::Add(Offset last_offset, TimestampMs max_timestamp, std::size_t bytes) {
  AddToMarks({last_offset, max_timestamp}, bytes, distance_, marks_, last_mark_bytes_);
  if (marks_.size() > kFileTimeMarksMax) Halve();
}

// Two neighbours become one. An odd one at the end stays as it is and goes on to be filled.
void FileTimeMarks::Halve() {
  const std::size_t count = marks_.size();
  for (std::size_t i = 0; i < count; i += 2) {
    TimeMark mark = marks_[i];
    if (i + 1 < count) {
      mark.last_offset = marks_[i + 1].last_offset;
      mark.max_timestamp = std::max(mark.max_timestamp, marks_[i + 1].max_timestamp);
    }
    marks_[i / 2] = mark;
  }
  marks_.resize((count + 1) / 2);
  if (count % 2 == 0) last_mark_bytes_ += distance_;
  distance_ *= 2;
}

void RecentTimes::Add(Offset base_offset, Offset last_offset, TimestampMs max_timestamp,
                      std::size_t bytes) {
  if (base_offset != end_) {
    marks_.clear();
    from_ = base_offset;
  }
  AddToMarks({last_offset, max_timestamp}, bytes, kTimeMarkBytes, marks_, last_mark_bytes_);
  end_ = last_offset + 1;
  if (marks_.size() > kRecentMarksMax) {
    Forget(marks_[marks_.size() - kRecentMarksMax / 2 - 1].last_offset + 1);
  }
}

void RecentTimes::Extend(const RecentTimes& earlier) {
  if (earlier.from_ >= from_ || earlier.end_ < from_) return;
  const auto behind = std::ranges::find_if(
      earlier.marks_, [&](const TimeMark& mark) { return mark.last_offset >= from_; });
  // A mark that reaches beyond from() tells of batches that are in the present marks as well.
  std::vector<TimeMark> marks(earlier.marks_.begin(), behind);
  if (behind != earlier.marks_.end() && (marks.empty() || marks.back().last_offset + 1 < from_)) {
    marks.push_back({from_ - 1, behind->max_timestamp});
  }
  marks.insert(marks.end(), marks_.begin(), marks_.end());
  if (marks_.empty()) last_mark_bytes_ = kTimeMarkBytes;  // what comes begins a mark of its own
  marks_ = std::move(marks);
  from_ = earlier.from_;
}

void RecentTimes::Forget(Offset offset) {
  if (offset <= from_) return;
  const auto kept = std::ranges::find_if(
      marks_, [&](const TimeMark& mark) { return mark.last_offset >= offset; });
  marks_.erase(marks_.begin(), kept);
  from_ = std::min(offset, end_);
}

}  // namespace gneiss::engine
