// SPDX-License-Identifier: Apache-2.0
#include "engine/cleaner/log_cleaner.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "engine/batch_cursor.h"
#include "engine/fault_point.h"
#include "engine/rocks_status.h"
#include "protocol/records/control_record.h"
#include "protocol/records/record_iterator.h"

namespace gneiss::engine {
namespace {

using records::BatchHeader;
using records::RecordBatchView;
using records::RecordIterator;

// How often, and how far apart, a piece is tried whose files somebody else is compacting.
constexpr int kTries = 5;
constexpr std::chrono::milliseconds kTryAgainAfter{100};

constexpr int kLastLevel = 1;  // PartitionFamilyOptions: num_levels

// Slows the thread that cleans down to the rate; RocksDB's own threads may ask too and must not
// sleep.
class ThrottledJudge final : public BatchCleaner {
 public:
  ThrottledJudge(std::shared_ptr<const CleaningJudge> judge, Throttle& throttle)
      : judge_(std::move(judge)), throttle_(throttle) {}

  Verdict Judge(std::span<const std::byte> batch, std::string* rewritten) const override {
    const Verdict verdict = judge_->Judge(batch, rewritten);
    if (std::this_thread::get_id() != cleaner_) return verdict;
    throttle_.Spend(verdict == Verdict::kKeep      ? batch.size()
                    : verdict == Verdict::kRewrite ? rewritten->size()
                                                   : 0);
    return verdict;
  }

 private:
  const std::shared_ptr<const CleaningJudge> judge_;
  Throttle& throttle_;
  const std::thread::id cleaner_ = std::this_thread::get_id();
};

// The family's compactions ask `judge` as long as this lives.
class InstalledJudge {
 public:
  InstalledJudge(Family& family, std::shared_ptr<const BatchCleaner> judge) : family_(family) {
    family_.rules()->SetCleaner(std::move(judge));
  }
  ~InstalledJudge() { family_.rules()->SetCleaner(nullptr); }
  InstalledJudge(const InstalledJudge&) = delete;
  InstalledJudge& operator=(const InstalledJudge&) = delete;

 private:
  Family& family_;
};

// Calls `visit(batch)` for the batches that begin in [from, to), until it returns false.
template <class Visit>
Status VisitBatches(const std::shared_ptr<const Family>& family, Offset from, Offset to,
                    Visit visit) {
  const auto cursor = BatchCursor::Open(family, ReadTier::kAll, Pinning::kPass);
  for (Status at = cursor->Seek(from);; at = cursor->Next()) {
    GNEISS_RETURN_IF_ERROR(at);
    if (!cursor->valid() || cursor->base_offset() >= to) return {};
    GNEISS_ASSIGN_OR_RETURN(const RecordBatchView batch, RecordBatchView::Parse(cursor->bytes()));
    GNEISS_ASSIGN_OR_RETURN(const bool more, visit(batch));
    if (!more) return {};
  }
}

// Nothing for a batch that was emptied.
Result<std::optional<records::ControlType>> ControlTypeOf(const RecordBatchView& batch) {
  GNEISS_ASSIGN_OR_RETURN(auto records, RecordIterator::Open(batch));
  GNEISS_ASSIGN_OR_RETURN(const auto record, records.Next());
  if (!record) return std::nullopt;
  GNEISS_ASSIGN_OR_RETURN(const auto type, records::ParseControlType(*record));
  return type;
}

// False when the map is full.
Result<bool> PutKeys(const RecordBatchView& batch, Offset from, KeyMap& keys) {
  GNEISS_ASSIGN_OR_RETURN(auto records, RecordIterator::Open(batch));
  while (true) {
    GNEISS_ASSIGN_OR_RETURN(const auto record, records.Next());
    if (!record) return true;
    if (!record->key || record->offset < from) continue;
    if (!keys.Put(*record->key, record->offset)) return false;
  }
}

std::uint64_t BytesOf(const LogFiles& files) {
  std::int64_t bytes = 0;
  for (const LogFile& file : files.files()) bytes += file.file_bytes;
  return static_cast<std::uint64_t>(bytes);
}

}  // namespace

// What one Clean knows.
struct LogCleaner::Run {
  std::shared_ptr<Family> family;
  Offset log_start;
  LogFiles files = {};
  std::uint64_t piece_bytes_max = kPieceBytes;
  std::shared_ptr<CleaningRules> rules = nullptr;
  TransactionScan transactions = {};
  std::set<Offset> needed_markers = {};  // of aborted transactions that still have batches
  Stats stats = {};
};

struct LogCleaner::Piece {
  std::vector<LogFile> files = {};
  Offset from{};
  Offset to{};
};

Result<LogCleaner::Stats> LogCleaner::Clean(RocksPartitionLog& log, const CleanableRange& range) {
  const RocksPartitionLog::CleaningView view = log.cleaning_view();
  if (view.family == nullptr) return Fail(Errc::kNotFound, "there is nothing to clean");
  // A key per offset at most, so a short range needs but a small map.
  const auto offsets = static_cast<std::size_t>(range.to - range.from);
  const std::size_t slots_max = std::max<std::size_t>(key_map_bytes_ / KeyMap::kSlotBytes, 1);
  const std::vector<format::AbortedTxn> aborted = log.AbortedBelow(range.to);

  Run run{.family = view.family, .log_start = view.offsets.log_start};
  run.piece_bytes_max =
      std::min(kPieceBytes, static_cast<std::uint64_t>(std::max<std::int64_t>(
                                view.config.segment_bytes, std::int64_t{1} << 20)));
  run.rules.reset(new CleaningRules{.keys = KeyMap(std::min(KeyMap::SlotsFor(offsets), slots_max)),
                                    .end = range.from});
  run.rules->now = clock_.WallMs();
  run.rules->delete_retention_ms = view.config.delete_retention_ms;
  for (const format::AbortedTxn& txn : aborted) {
    run.rules->aborted[txn.producer_id].emplace_back(txn.first_offset, txn.last_offset);
  }
  for (auto& [id, transactions] : run.rules->aborted) {
    std::ranges::sort(transactions, {}, &std::pair<Offset, Offset>::second);
  }

  GNEISS_RETURN_IF_ERROR(FillKeyMap(run, range));
  GNEISS_FAULT_POINT("clean.keys_known");
  run.stats.keys = run.rules->keys.size();
  GNEISS_RETURN_IF_ERROR(run.files.Refresh(run.family));
  run.stats.bytes_before = BytesOf(run.files);
  GNEISS_RETURN_IF_ERROR(CleanPieces(run, log));
  GNEISS_FAULT_POINT("clean.files_rewritten");
  std::vector<format::AbortedTxn> spent;
  std::ranges::copy_if(aborted, std::back_inserter(spent), [&](const format::AbortedTxn& txn) {
    return txn.last_offset < run.rules->end && !run.needed_markers.contains(txn.last_offset);
  });
  run.stats.first_dirty = run.rules->end;
  GNEISS_RETURN_IF_ERROR(run.files.Refresh(run.family));
  run.stats.bytes_after = BytesOf(run.files);
  GNEISS_RETURN_IF_ERROR(log.RecordClean(run.rules->end, spent));
  GNEISS_FAULT_POINT("clean.recorded");
  return run.stats;
}

// Sets where the clean ends: behind the last batch whose keys were all taken.
Status LogCleaner::FillKeyMap(Run& run, const CleanableRange& range) {
  CleaningRules& rules = *run.rules;
  bool full = false;
  GNEISS_RETURN_IF_ERROR(VisitBatches(
      run.family, range.from, range.to, [&](const RecordBatchView& batch) -> Result<bool> {
        GNEISS_RETURN_IF_ERROR(CheckGoingOn());
        const BatchHeader& header = batch.header();
        run.stats.bytes_read += batch.bytes().size();
        throttle_.Spend(batch.bytes().size());
        GNEISS_RETURN_IF_ERROR(batch.VerifyCrc());
        if (!header.is_control() && !rules.IsAborted(header)) {
          GNEISS_ASSIGN_OR_RETURN(const bool taken, PutKeys(batch, range.from, rules.keys));
          full = !taken;
          if (full) return false;
        }
        rules.end = header.next_offset();
        rules.last_batch = header.last_offset();
        return true;
      }));
  if (!full) {
    // The last batch below the bound must not vanish: it may be the last of all, which says where
    // the log ends.
    rules.end = range.to;
    return {};
  }
  rules.last_batch = kNoOffset;
  if (rules.end > range.from) return {};
  return Fail(Errc::kResourceExhausted, "the keys of the batch at " +
                                            std::to_string(range.from.value()) +
                                            " do not fit into log.cleaner.dedupe.buffer.size");
}

Status LogCleaner::CheckGoingOn() const {
  if (throttle_.stopped()) return Fail(Errc::kShuttingDown, "log compaction stops");
  return {};
}

// Goes through the files as they are at each step: others merge and drop files meanwhile.
Status LogCleaner::CleanPieces(Run& run, RocksPartitionLog& log) {
  Offset from = run.log_start;
  int tries = 0;
  while (from < run.rules->end) {
    GNEISS_RETURN_IF_ERROR(run.files.Refresh(run.family));
    Piece piece{.from = from};
    std::uint64_t bytes = 0;
    for (const LogFile& file : run.files.files()) {
      if (file.max_offset < from) continue;
      if (file.min_offset >= run.rules->end) break;
      bytes += static_cast<std::uint64_t>(file.file_bytes);
      if (!piece.files.empty() && bytes > run.piece_bytes_max) break;
      piece.files.push_back(file);
    }
    if (piece.files.empty()) return {};
    piece.to = std::min(run.rules->end, piece.files.back().max_offset + 1);
    if (Status cleaned = CleanPiece(run, piece); !cleaned) {
      if (cleaned.error().code != Errc::kWouldBlock || ++tries == kTries) return cleaned;
      throttle_.Pause(kTryAgainAfter);
      continue;
    }
    log.ForgetSize();
    from = piece.to;
    tries = 0;
  }
  return {};
}

Status LogCleaner::CleanPiece(Run& run, const Piece& piece) {
  CleaningPiece marked{.from = piece.from, .to = piece.to, .spent_markers = {}};
  TransactionScan transactions = run.transactions;  // kept when the piece is done
  std::vector<Offset> needed_markers;
  GNEISS_RETURN_IF_ERROR(ScanPiece(run, marked, transactions, needed_markers));
  const auto judge = std::make_shared<CleaningJudge>(run.rules, marked);
  GNEISS_ASSIGN_OR_RETURN(const bool changes, WouldChange(run, marked, *judge));
  if (changes) {  // files that are only small are joined by housekeeping
    GNEISS_RETURN_IF_ERROR(Rewrite(run, piece, judge));
    ++run.stats.pieces_rewritten;
    GNEISS_FAULT_POINT("clean.piece_rewritten");
  }
  ++run.stats.pieces;
  run.transactions = std::move(transactions);
  run.needed_markers.insert(needed_markers.begin(), needed_markers.end());
  return {};
}

// Reads all of the piece, with all checksums.
Status LogCleaner::ScanPiece(Run& run, CleaningPiece& piece, TransactionScan& transactions,
                             std::vector<Offset>& needed_markers) {
  return VisitBatches(run.family, piece.from, piece.to,
                      [&](const RecordBatchView& batch) -> Result<bool> {
                        GNEISS_RETURN_IF_ERROR(CheckGoingOn());
                        const BatchHeader& header = batch.header();
                        run.stats.bytes_read += batch.bytes().size();
                        throttle_.Spend(batch.bytes().size());
                        GNEISS_RETURN_IF_ERROR(batch.VerifyCrc());
                        std::optional<records::ControlType> type;
                        if (header.is_control()) {
                          GNEISS_ASSIGN_OR_RETURN(type, ControlTypeOf(batch));
                        }
                        if (transactions.Pass(header, type)) {
                          piece.spent_markers.push_back(header.last_offset());
                        } else if (type == records::ControlType::kAbort) {
                          needed_markers.push_back(header.last_offset());
                        }
                        return true;
                      });
}

Result<bool> LogCleaner::WouldChange(const Run& run, const CleaningPiece& piece,
                                     const CleaningJudge& judge) {
  bool changes = false;
  std::string rewritten;
  GNEISS_RETURN_IF_ERROR(VisitBatches(
      run.family, piece.from, piece.to, [&](const RecordBatchView& batch) -> Result<bool> {
        GNEISS_ASSIGN_OR_RETURN(const auto verdict, judge.TryJudge(batch.bytes(), &rewritten));
        changes = verdict != BatchCleaner::Verdict::kKeep;
        return !changes;
      }));
  return changes;
}

Status LogCleaner::Rewrite(Run& run, const Piece& piece,
                           const std::shared_ptr<CleaningJudge>& judge) {
  const std::optional<FamilyClaim> claim = FamilyClaim::Try(run.family);
  if (!claim) return Fail(Errc::kWouldBlock, "others rewrite files of " + run.family->name());
  rocksdb::CompactionOptions options;
  options.compression = rocksdb::kNoCompression;
  options.output_file_size_limit = run.piece_bytes_max;
  std::vector<std::string> inputs, outputs;
  for (const LogFile& file : piece.files) inputs.push_back(file.name);
  rocksdb::CompactionJobInfo info;
  rocksdb::Status status;
  {
    const InstalledJudge installed(*run.family, std::make_shared<ThrottledJudge>(judge, throttle_));
    status = run.family->db().CompactFiles(options, run.family->handle(), inputs, kLastLevel, -1,
                                           &outputs, &info);
  }
  // Files that are being compacted, or that a compaction has just replaced.
  if (status.IsAborted() || status.IsInvalidArgument() || status.IsIncomplete()) {
    return Fail(Errc::kWouldBlock, status.ToString());
  }
  GNEISS_RETURN_IF_ERROR(FromRocks(status, "compact " + run.family->name()));
  run.stats.bytes_written += info.stats.total_output_bytes;
  if (judge->unjudged() == 0) return {};
  return Fail(Errc::kCorrupt, std::to_string(judge->unjudged()) + " batches between " +
                                  std::to_string(piece.from.value()) + " and " +
                                  std::to_string(piece.to.value()) + " could not be judged");
}

}  // namespace gneiss::engine
