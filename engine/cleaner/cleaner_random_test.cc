// SPDX-License-Identifier: Apache-2.0
//
// Random operations on a compacted partition against an oracle that knows every record: whatever
// was cleaned, interrupted and reopened, of each key the newest committed record is there, where
// and as it was written, and read_committed readers see nothing that was aborted.
// GNEISS_CLEANER_STEPS sets the length, GNEISS_SEED the seed.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <string>

#include "engine/testing/cleaner_fixture.h"
#include "protocol/base/shared_bytes.h"
#include "protocol/records/record_iterator.h"

namespace gneiss::engine {
namespace {

using records::BatchOptions;
using records::Codec;
using records::ControlType;

constexpr int kKeys = 40;
constexpr int kProducers = 3;

unsigned long FromEnvironment(const char* name, unsigned long otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoul(text, nullptr, 10);
}

struct Written {
  std::string key;
  std::optional<std::string> value;
  TimestampMs timestamp = 0;
};

class CleanerRandomTest : public testing::CleanerFixture {
 protected:
  CleanerRandomTest() {
    config_.delete_retention_ms = 500;
    log_->SetConfig(config_);
  }

  std::uint32_t Pick(std::uint32_t below) { return random_() % below; }

  void Step() {
    clock_.Advance(Pick(20));
    switch (Pick(20)) {
      case 0:
        Flush();
        break;
      case 1:
        SetCleanerOptions({.key_map_bytes = (20 + Pick(100)) * KeyMap::kSlotBytes});
        Clean();
        break;
      case 2:
        CleanPartly();
        break;
      case 3:
        if (Pick(4) == 0) ReopenAll();
        break;
      case 4:
        EndTransaction(Pick(kProducers));
        break;
      default:
        Write();
    }
  }

  // Begins a clean that is stopped somewhere, as a shutdown does.
  void CleanPartly() {
    Flush();
    const auto view = rocks_log().cleaning_view();
    const auto range =
        FindCleanable(view.family, view.config, view.offsets, view.first_dirty, clock_.WallMs());
    ASSERT_TRUE(range.has_value());
    Throttle throttle(1e18, clock_);
    StoppingClock clock(clock_, throttle, static_cast<int>(Pick(2)));
    const auto cleaned = LogCleaner(1 << 20, throttle, clock).Clean(rocks_log(), *range);
    if (!cleaned) EXPECT_EQ(cleaned.error().code, Errc::kShuttingDown) << cleaned.error().detail;
  }

  // Stops the clean when it asks for the time.
  class StoppingClock final : public Clock {
   public:
    StoppingClock(Clock& clock, Throttle& throttle, int after)
        : clock_(clock), throttle_(throttle), left_(after) {}
    TimestampMs WallMs() const override {
      if (left_-- == 0) throttle_.Stop();
      return clock_.WallMs();
    }
    TimePoint Now() const override { return clock_.Now(); }

   private:
    Clock& clock_;
    Throttle& throttle_;
    mutable int left_;
  };

  void Write() {
    std::vector<testing::KeyValue> records;
    for (std::uint32_t i = 0; i <= Pick(4); ++i) {
      std::optional<std::string> value;
      if (Pick(5) != 0) value = "v" + std::to_string(next_value_++) + std::string(Pick(200), '.');
      records.emplace_back("k" + std::to_string(Pick(kKeys)), value);
    }
    BatchOptions options{.codec = static_cast<Codec>(Pick(records::kCodecCount))};
    const std::uint32_t writer = Pick(2 * kProducers);
    testing::From* producer = writer < kProducers ? &producers_[writer] : nullptr;
    if (producer != nullptr) {
      options.producer_id = ProducerId(writer);
      options.producer_epoch = 0;
      options.base_sequence = producer->sequence;
      options.is_transactional = true;
      producer->sequence += static_cast<std::int32_t>(records.size());
      open_.insert(writer);
    }
    Offset offset = Put(records, options);
    for (const auto& [key, value] : records) {
      const Written written{key, value, clock_.WallMs()};
      if (producer != nullptr) {
        pending_[writer][offset] = written;
      } else {
        committed_[offset] = written;
      }
      ++offset;
    }
  }

  void EndTransaction(std::uint32_t writer) {
    if (open_.erase(writer) == 0) return;
    const bool commit = Pick(2) == 0;
    PutMarker(commit ? ControlType::kCommit : ControlType::kAbort,
              {.producer_id = static_cast<std::int64_t>(writer)});
    if (commit) committed_.insert(pending_[writer].begin(), pending_[writer].end());
    pending_[writer].clear();
  }

  // What a read_committed consumer sees below the last stable offset.
  std::map<Offset, Written> ReadCommitted() {
    const LogOffsets offsets = log_->offsets();
    const auto view =
        Read(offsets.log_start, {.bytes_max = 1 << 30, .upper_bound = offsets.last_stable}).value();
    const auto aborted = log_->AbortedTransactions(offsets.log_start, offsets.last_stable);
    std::map<ProducerId, std::set<Offset>> starts;
    for (const auto& txn : aborted) starts[txn.producer_id].insert(txn.first_offset);
    std::set<ProducerId> aborting;
    std::map<Offset, Written> seen;
    for (const SharedBytes& bytes : view.batches) {
      const auto batch = records::RecordBatchView::Parse(bytes.view()).value();
      EXPECT_TRUE(batch.VerifyCrc().has_value());
      const records::BatchHeader& header = batch.header();
      auto& of_producer = starts[header.producer_id];
      while (!of_producer.empty() && *of_producer.begin() <= header.last_offset()) {
        aborting.insert(header.producer_id);
        of_producer.erase(of_producer.begin());
      }
      auto records = records::RecordIterator::Open(batch).value();
      while (const auto record = records.Next().value()) {
        if (header.is_control()) {
          aborting.erase(header.producer_id);
        } else if (!header.is_transactional() || !aborting.contains(header.producer_id)) {
          Written written{std::string(*record->key), std::nullopt, record->timestamp};
          if (record->value) written.value = std::string(*record->value);
          seen[record->offset] = written;
        }
      }
    }
    return seen;
  }

  void Check() {
    const auto seen = ReadCommitted();
    const Offset stable = log_->offsets().last_stable;
    std::map<std::string, Offset> newest;
    for (const auto& [offset, written] : committed_) {
      if (offset < stable) newest[written.key] = offset;
    }
    for (const auto& [offset, record] : seen) {
      const auto known = committed_.find(offset);
      ASSERT_TRUE(known != committed_.end()) << "offset " << offset << " was never committed";
      ASSERT_EQ(record.key, known->second.key);
      ASSERT_EQ(record.value, known->second.value);
      ASSERT_EQ(record.timestamp, known->second.timestamp);
    }
    for (const auto& [key, offset] : newest) {
      if (seen.contains(offset)) continue;
      ASSERT_FALSE(committed_.at(offset).value.has_value())
          << key << " at " << offset << " is lost";
      for (const auto& [at, record] : seen) {
        ASSERT_NE(record.key, key) << "an old value is back at " << at;
      }
    }
  }

  // When everything is ended and cleaned, one record per key is left at most.
  void CheckTheEnd() {
    for (std::uint32_t writer = 0; writer < kProducers; ++writer) EndTransaction(writer);
    SetCleanerOptions({});
    for (int i = 0; i < 4; ++i) {
      clock_.Advance(1'000);
      Put({{"last", std::to_string(i)}});
      committed_[log_->offsets().log_end - 1] = {"last", std::to_string(i), clock_.WallMs()};
      Flush();
      while (CleanFiles()) {
      }
    }
    Check();
    std::set<std::string> keys;
    for (const auto& [offset, record] : ReadCommitted()) {
      EXPECT_TRUE(keys.insert(record.key).second) << record.key << " is there twice";
    }
    EXPECT_TRUE(log_->AbortedTransactions(Offset(0), log_->offsets().log_end).empty());
  }

  const unsigned long seed_ = FromEnvironment("GNEISS_SEED", std::random_device()());
  std::mt19937 random_{static_cast<std::mt19937::result_type>(seed_)};
  std::map<Offset, Written> committed_;
  std::map<std::uint32_t, std::map<Offset, Written>> pending_;
  std::set<std::uint32_t> open_;
  testing::From producers_[kProducers];
  int next_value_ = 0;
};

TEST_F(CleanerRandomTest, TheNewestCommittedRecordOfEachKeyIsThereAlways) {
  SCOPED_TRACE("GNEISS_SEED=" + std::to_string(seed_));
  const unsigned long steps = FromEnvironment("GNEISS_CLEANER_STEPS", 400);
  Write();  // makes the family
  for (unsigned long i = 0; i < steps; ++i) {
    Step();
    if (i % 20 == 0) Check();
    if (HasFatalFailure()) return;
  }
  Check();
  CheckTheEnd();
}

}  // namespace
}  // namespace gneiss::engine
