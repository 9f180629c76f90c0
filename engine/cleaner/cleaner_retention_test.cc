// SPDX-License-Identifier: Apache-2.0
//
// cleanup.policy=compact,delete: the cleaner and the housekeeper work on the same files on threads
// of their own, while records are written and deleted. At any time each key whose newest record is
// at or above the log start has it, where and as it was written.
// GNEISS_CLEANER_STEPS sets the length, GNEISS_SEED the seed.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <utility>

#include "engine/testing/cleaner_fixture.h"
#include "protocol/base/shared_bytes.h"
#include "protocol/records/record_iterator.h"

namespace gneiss::engine {
namespace {

constexpr int kKeys = 200;
constexpr int kRounds = 4;

unsigned long FromEnvironment(const char* name, unsigned long otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoul(text, nullptr, 10);
}

class CleanerRetentionTest : public testing::CleanerFixture {
 protected:
  CleanerRetentionTest() {
    config_.cleanup_delete = true;
    config_.retention_bytes = 40'000;
    config_.delete_retention_ms = 0;
    log_->SetConfig(config_);
    SetCleanerOptions({.backoff = std::chrono::milliseconds(0)});  // the clock stands still
  }

  std::uint32_t Pick(std::uint32_t below) { return random_() % below; }

  void Step() {
    switch (Pick(60)) {
      case 0:
        ASSERT_TRUE(AdvanceLogStart(SomeOffset()).has_value());
        break;
      case 1:
      case 2:
      case 3:
        Flush();
        break;
      default:
        Write();
    }
  }

  Offset SomeOffset() {
    const LogOffsets offsets = log_->offsets();
    return offsets.log_start +
           Pick(static_cast<std::uint32_t>((offsets.log_end - offsets.log_start) / 10 + 1));
  }

  void Write() {
    std::vector<testing::KeyValue> records;
    for (std::uint32_t i = 0; i <= Pick(4); ++i) {
      std::optional<std::string> value;
      if (Pick(5) != 0) value = "v" + std::to_string(next_value_++) + std::string(Pick(400), '.');
      records.emplace_back("k" + std::to_string(Pick(kKeys)), value);
    }
    Offset offset = Put(records);
    for (testing::KeyValue& record : records) {
      written_[offset] = std::move(record);
      ++offset;
    }
  }

  // What is there, from the log start on.
  std::map<Offset, testing::KeyValue> ReadRecords() {
    const LogOffsets offsets = log_->offsets();
    std::map<Offset, testing::KeyValue> seen;
    const auto view =
        Read(offsets.log_start, {.bytes_max = 1 << 30, .upper_bound = offsets.log_end});
    // The log start may have moved meanwhile.
    if (!view && view.error().code == Errc::kOutOfRange) return ReadRecords();
    EXPECT_TRUE(view.has_value()) << view.error().detail;
    for (const SharedBytes& bytes : view->batches) {
      const auto batch = records::RecordBatchView::Parse(bytes.view()).value();
      EXPECT_TRUE(batch.VerifyCrc().has_value());
      auto records = records::RecordIterator::Open(batch).value();
      while (const auto record = records.Next().value()) {
        if (record->offset < offsets.log_start) continue;  // of a batch that the log start cuts
        testing::KeyValue& one = seen[record->offset];
        one.first = std::string(*record->key);
        if (record->value) one.second = std::string(*record->value);
      }
    }
    return seen;
  }

  void Check() {
    const auto seen = ReadRecords();
    const Offset log_start = log_->offsets().log_start;  // as it is after the read
    std::map<std::string, Offset> newest;
    for (const auto& [offset, record] : written_) newest[record.first] = offset;
    std::map<std::string, Offset> newest_seen;
    for (const auto& [offset, record] : seen) {
      ASSERT_EQ(record, written_.at(offset)) << "at " << offset;
      newest_seen[record.first] = offset;
    }
    for (const auto& [key, offset] : newest) {
      const auto there = newest_seen.find(key);
      if (there != newest_seen.end()) {
        ASSERT_EQ(there->second, offset) << key << " is an old one, log start " << log_start;
      } else if (offset >= log_start) {
        ASSERT_FALSE(written_.at(offset).second.has_value())
            << key << " at " << offset << " is lost";
      }
    }
  }

  // Writes and checks while both are at work.
  void Traffic(unsigned long steps) {
    std::atomic<bool> over = false;
    std::thread cleaner([&] {
      while (!over) pool_->CleanDirtiest();
    });
    std::thread housekeeper([&] {
      while (!over) engine_->housekeeper().LookAtAll();
    });
    for (unsigned long i = 0; i < steps && !HasFatalFailure(); ++i) {
      Step();
      if (i % 20 == 0) Check();
    }
    over = true;
    cleaner.join();
    housekeeper.join();
  }

  const unsigned long seed_ = FromEnvironment("GNEISS_SEED", std::random_device()());
  std::mt19937 random_{static_cast<std::mt19937::result_type>(seed_)};
  std::map<Offset, testing::KeyValue> written_;
  int next_value_ = 0;
};

TEST_F(CleanerRetentionTest, TheNewestRecordOfEachKeyIsThereUnlessItsTimeIsOver) {
  SCOPED_TRACE("GNEISS_SEED=" + std::to_string(seed_));
  const unsigned long steps = FromEnvironment("GNEISS_CLEANER_STEPS", 1200);
  Write();  // makes the family
  for (int round = 0; round < kRounds && !HasFatalFailure(); ++round) {
    Traffic(steps / kRounds);
    ASSERT_NO_FATAL_FAILURE(Check());
    ReopenAll();
    ASSERT_NO_FATAL_FAILURE(Check());
    EXPECT_EQ(log_->offsets().log_end, written_.rbegin()->first + 1);
  }
  Flush();
  while (CleanFiles()) {
  }
  engine_->housekeeper().LookAtAll();
  ASSERT_NO_FATAL_FAILURE(Check());
  EXPECT_GT(log_->offsets().log_start, Offset(0));
  EXPECT_EQ(Status().uncleanable, "");
}

}  // namespace
}  // namespace gneiss::engine
