// SPDX-License-Identifier: Apache-2.0
#include "engine/time_lookup.h"

#include <algorithm>
#include <limits>
#include <queue>
#include <utility>

#include "engine/batch_properties.h"
#include "engine/rocks_status.h"
#include "protocol/records/record_times.h"

namespace gneiss::engine {

using records::RecordBatchView;

namespace {

constexpr TimestampMs kAnyTimestamp = std::numeric_limits<TimestampMs>::max();

}  // namespace

// Where the greatest timestamp may be, from the whole file down to the record that has it.
struct TimeLookup::Candidate {
  enum class Kind { kSpan, kBatch, kRecord };
  Kind kind;
  Span span;
  TimestampOffset record = {};

  // The greatest timestamp first, then the lowest offset.
  bool operator<(const Candidate& other) const {
    return span.max_timestamp != other.span.max_timestamp
               ? span.max_timestamp < other.span.max_timestamp
               : span.first > other.span.first;
  }
};

// ---- What is known without reading batches ----

Result<TimeLookup> TimeLookup::Begin(std::shared_ptr<const Family> family, RecentTimes recent,
                                     Offset from, Offset to) {
  TimeLookup lookup(std::move(family), std::move(recent), from, to);
  GNEISS_RETURN_IF_ERROR(lookup.ReadFiles());
  GNEISS_RETURN_IF_ERROR(lookup.MarkWhatIsMissing());
  lookup.AddRecentSpans();
  return lookup;
}

Status TimeLookup::ReadFiles() {
  rocksdb::TablePropertiesCollection tables;
  GNEISS_RETURN_IF_ERROR(
      FromRocks(family_->db().GetPropertiesOfAllTables(family_->handle(), &tables),
                "read the file properties of " + family_->name()));
  bool complete = true;
  for (const auto& [name, table] : tables) {
    const auto batches = ReadBatchProperties(*table);
    complete &= batches.has_value();
    if (batches) {
      spans_.push_back({batches->min_offset, batches->max_offset, batches->max_timestamp, table});
    }
  }
  std::ranges::sort(spans_, {}, &Span::first);
  JoinSpans(complete);
  return {};
}

// Makes one line of the files: what lies between two has no batches, unless some file does not say
// what it holds.
void TimeLookup::JoinSpans(bool complete) {
  std::vector<Span> joined;
  Offset next(0);
  for (Span& span : spans_) {
    if (span.first <
        next) {  // files of a log do not overlap; if ever, marks could not be told apart
      joined.back().last = std::max(joined.back().last, span.last);
      joined.back().max_timestamp = std::max(joined.back().max_timestamp, span.max_timestamp);
      joined.back().file.reset();
    } else {
      if (span.first > next && !complete) {
        joined.push_back({next, span.first - 1, kAnyTimestamp, nullptr});
      }
      if (complete) span.first = next;
      joined.push_back(std::move(span));
    }
    next = joined.back().last + 1;
  }
  spans_ = std::move(joined);
  files_end_ = next;
}

// After a restart the log has no marks of what is in its memtables. Reads files, too, as what is in
// memory may be flushed at any time.
Status TimeLookup::MarkWhatIsMissing() {
  if (recent_.from() <= files_end_) return {};
  RecentTimes missing(files_end_);
  const Offset end = recent_.from();
  GNEISS_RETURN_IF_ERROR(cursor().Seek(files_end_));
  while (cursor().valid() && cursor().base_offset() < end) {
    GNEISS_ASSIGN_OR_RETURN(const auto batch, RecordBatchView::Parse(cursor().bytes()));
    missing.AddBehindGap(cursor().last_offset(), batch.header().max_timestamp,
                         cursor().bytes().size());
    ++cost_.batches_marked;
    GNEISS_RETURN_IF_ERROR(cursor().Next());
  }
  missing.CloseAt(end);
  recent_.Extend(missing);
  return {};
}

void TimeLookup::AddRecentSpans() {
  Offset next = files_end_;
  for (const TimeMark& mark : recent_.marks()) {
    if (mark.last_offset < next) continue;
    spans_.push_back({next, mark.last_offset, mark.max_timestamp, nullptr});
    next = mark.last_offset + 1;
  }
}

std::vector<TimeLookup::Span> TimeLookup::SpansInside(const Span& file) {
  std::vector<Span> inside;
  if (file.file == nullptr) return inside;
  Offset next = file.first;
  for (const TimeMark& mark : ReadTimeMarks(*file.file)) {
    inside.push_back({next, mark.last_offset, mark.max_timestamp, nullptr});
    next = mark.last_offset + 1;
  }
  return inside;
}

// ---- Reading ----

BatchCursor& TimeLookup::cursor() {
  if (cursor_ == nullptr) cursor_ = BatchCursor::Open(family_, ReadTier::kAll, Pinning::kPass);
  return *cursor_;
}

// Calls `visit(batch)` for each batch of `span` with offsets in [from, to) until it returns false.
template <class Visit>
Status TimeLookup::Scan(const Span& span, Visit visit) {
  GNEISS_RETURN_IF_ERROR(cursor().Seek(std::max(span.first, from_)));
  while (cursor().valid() && cursor().base_offset() < to_ && cursor().base_offset() <= span.last) {
    ++cost_.batches_read;
    GNEISS_ASSIGN_OR_RETURN(const auto batch, RecordBatchView::Parse(cursor().bytes()));
    GNEISS_ASSIGN_OR_RETURN(const bool more, visit(batch));
    if (!more) return {};
    if (cursor().last_offset() >= span.last) return {};  // spares a step that may cost a block
    GNEISS_RETURN_IF_ERROR(cursor().Next());
  }
  return {};
}

// ---- The first at or after ----

Result<std::optional<TimestampOffset>> TimeLookup::FirstAtOrAfter(TimestampMs target) {
  for (const Span& span : spans_) {
    if (!IsInside(span) || span.max_timestamp < target) continue;
    std::vector<Span> parts = SpansInside(span);
    if (parts.empty()) parts.push_back(span);
    for (const Span& part : parts) {
      if (!IsInside(part) || part.max_timestamp < target) continue;
      GNEISS_ASSIGN_OR_RETURN(const auto found, FirstInSpan(part, target));
      if (found) return found;
    }
  }
  return std::nullopt;
}

Result<std::optional<TimestampOffset>> TimeLookup::FirstInSpan(const Span& span,
                                                               TimestampMs target) {
  std::optional<TimestampOffset> found;
  GNEISS_RETURN_IF_ERROR(Scan(span, [&](const RecordBatchView& batch) -> Result<bool> {
    if (batch.header().max_timestamp < target) return true;
    GNEISS_ASSIGN_OR_RETURN(found, FirstInBatch(batch, target));
    return !found.has_value();
  }));
  return found;
}

Result<std::optional<TimestampOffset>> TimeLookup::FirstInBatch(const RecordBatchView& batch,
                                                                TimestampMs target) {
  ++cost_.batches_decoded;
  records::RecordTimes times(batch);
  while (true) {
    GNEISS_ASSIGN_OR_RETURN(const auto record, times.Next());
    if (!record || record->offset >= to_) return std::nullopt;
    if (record->offset < from_ || record->timestamp < target) continue;
    return TimestampOffset{.timestamp = record->timestamp,
                           .offset = record->offset,
                           .leader_epoch = batch.header().leader_epoch};
  }
}

// ---- The greatest ----

Result<std::optional<TimestampOffset>> TimeLookup::Greatest() {
  std::priority_queue<Candidate> candidates;
  for (const Span& span : spans_) {
    if (IsInside(span)) candidates.push({Candidate::Kind::kSpan, span});
  }
  while (!candidates.empty()) {
    const Candidate best = candidates.top();
    candidates.pop();
    if (best.span.max_timestamp <= kNoTimestamp) break;
    if (best.kind == Candidate::Kind::kRecord) return best.record;
    GNEISS_ASSIGN_OR_RETURN(std::vector<Candidate> inside, Expand(best));
    for (Candidate& candidate : inside) candidates.push(std::move(candidate));
  }
  return std::nullopt;
}

// What `candidate` turns out to be made of, or nothing.
Result<std::vector<TimeLookup::Candidate>> TimeLookup::Expand(const Candidate& candidate) {
  std::vector<Candidate> inside;
  if (candidate.kind == Candidate::Kind::kSpan) {
    for (Span& part : SpansInside(candidate.span)) {
      if (IsInside(part)) inside.push_back({Candidate::Kind::kSpan, std::move(part)});
    }
    if (candidate.span.file != nullptr && !inside.empty()) return inside;
  }
  GNEISS_RETURN_IF_ERROR(Scan(candidate.span, [&](const RecordBatchView& batch) -> Result<bool> {
    const records::BatchHeader& header = batch.header();
    if (candidate.kind == Candidate::Kind::kSpan) {
      const Span span{header.base_offset, header.last_offset(), header.max_timestamp, nullptr};
      inside.push_back({Candidate::Kind::kBatch, span});
      return true;
    }
    GNEISS_ASSIGN_OR_RETURN(const auto record, GreatestInBatch(batch));
    if (record) {
      const Span span{record->offset, record->offset, record->timestamp, nullptr};
      inside.push_back({Candidate::Kind::kRecord, span, *record});
    }
    return false;
  }));
  return inside;
}

Result<std::optional<TimestampOffset>> TimeLookup::GreatestInBatch(const RecordBatchView& batch) {
  ++cost_.batches_decoded;
  records::RecordTimes times(batch);
  std::optional<TimestampOffset> greatest;
  while (true) {
    GNEISS_ASSIGN_OR_RETURN(const auto record, times.Next());
    if (!record || record->offset >= to_) return greatest;
    if (record->offset < from_ || record->timestamp == kNoTimestamp) continue;
    if (greatest && greatest->timestamp >= record->timestamp) continue;
    greatest = TimestampOffset{.timestamp = record->timestamp,
                               .offset = record->offset,
                               .leader_epoch = batch.header().leader_epoch};
  }
}

}  // namespace gneiss::engine
