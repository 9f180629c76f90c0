// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "engine/batch_cursor.h"
#include "engine/database.h"
#include "engine/partition_log.h"
#include "engine/time_marks.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/records/record_batch.h"

namespace gneiss::engine {

// TimeLookup answers one question about record times, exactly also where timestamps are out of
// order. Marks tell the greatest timestamp of each run of batches: those of files are among their
// properties, those of what is in memtables the log keeps. So it reads the headers of one run, and
// of a run that the log start or the upper bound cuts in two; and it decodes the one batch that can
// hold the answer. Whole files are read only where a build before the marks wrote them.
// May block. Threads: one.
class TimeLookup {
 public:
  struct Cost {
    std::int64_t batches_read = 0;     // whose headers were looked at
    std::int64_t batches_decoded = 0;  // among them
    std::int64_t batches_marked = 0;   // read to make marks that `recent` lacked

    Cost& operator+=(const Cost& other) {
      batches_read += other.batches_read;
      batches_decoded += other.batches_decoded;
      batches_marked += other.batches_marked;
      return *this;
    }
  };

  // Looks at records in [from, to). `recent` as the log has it, covering all of [recent.from(),
  // to).
  static Result<TimeLookup> Begin(std::shared_ptr<const Family> family, RecentTimes recent,
                                  Offset from, Offset to);

  // The first record with a timestamp of at least `target`.
  Result<std::optional<TimestampOffset>> FirstAtOrAfter(TimestampMs target);

  // The first record with the greatest timestamp. Nothing where no record has a timestamp.
  Result<std::optional<TimestampOffset>> Greatest();

  // Reaches back to files_end() now: worth keeping.
  const RecentTimes& recent() const { return recent_; }
  Offset files_end() const { return files_end_; }  // what is below has marks in files
  const Cost& cost() const { return cost_; }

 private:
  // A stretch of the log and the greatest timestamp that may be in it.
  struct Span {
    Offset first;
    Offset last;
    TimestampMs max_timestamp = kNoTimestamp;
    std::shared_ptr<const rocksdb::TableProperties> file;  // which has marks for inside; or null
  };
  struct Candidate;

  TimeLookup(std::shared_ptr<const Family> family, RecentTimes recent, Offset from, Offset to)
      : family_(std::move(family)), recent_(std::move(recent)), from_(from), to_(to) {}

  Status ReadFiles();
  void JoinSpans(bool complete);
  Status MarkWhatIsMissing();
  void AddRecentSpans();
  static std::vector<Span> SpansInside(const Span& file);
  bool IsInside(const Span& span) const { return span.last >= from_ && span.first < to_; }
  BatchCursor& cursor();
  template <class Visit>
  Status Scan(const Span& span, Visit visit);
  Result<std::optional<TimestampOffset>> FirstInBatch(const records::RecordBatchView& batch,
                                                      TimestampMs target);
  Result<std::optional<TimestampOffset>> GreatestInBatch(const records::RecordBatchView& batch);
  Result<std::optional<TimestampOffset>> FirstInSpan(const Span& span, TimestampMs target);
  Result<std::vector<Candidate>> Expand(const Candidate& candidate);

  std::shared_ptr<const Family> family_;
  RecentTimes recent_;
  Offset from_;
  Offset to_;
  Offset files_end_;
  std::vector<Span> spans_;  // ascending, without gaps
  std::shared_ptr<BatchCursor> cursor_;
  Cost cost_;
};

}  // namespace gneiss::engine
