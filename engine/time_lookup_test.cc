// SPDX-License-Identifier: Apache-2.0
#include "engine/time_lookup.h"

#include <gtest/gtest.h>

#include <rocksdb/table_properties.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <optional>
#include <random>
#include <thread>

#include "engine/batch_properties.h"
#include "engine/rocks_partition_log.h"
#include "engine/testing/log_fixture.h"
#include "protocol/records/batch_builder.h"
#include "protocol/records/validate.h"

namespace gneiss::engine {
namespace {

using testing::BatchOf;
using testing::Values;

constexpr Offset kNoBound{std::numeric_limits<std::int64_t>::max()};

class TimeLookupTest : public testing::LogFixture {
 protected:
  // One batch of records with these timestamps.
  void AppendAt(const std::vector<TimestampMs>& timestamps) {
    Append(BatchOf(Values(timestamps.size(), "x"), {}, timestamps));
  }

  // offset and timestamp; (-1, -1) for none.
  using Found = std::pair<std::int64_t, TimestampMs>;
  static Found Shown(const Result<std::optional<TimestampOffset>>& found) {
    EXPECT_TRUE(found.has_value()) << found.error().detail;
    if (!found || !*found) return {-1, -1};
    return {(*found)->offset.value(), (*found)->timestamp};
  }
  Found First(TimestampMs target, Offset bound = kNoBound) {
    return Shown(log_->FindTimestamp(target, bound));
  }
  Found Greatest(Offset bound = kNoBound) { return Shown(log_->FindMaxTimestamp(bound)); }
};

TEST_F(TimeLookupTest, AnEmptyLogHasNothing) {
  EXPECT_EQ(First(0), Found(-1, -1));
  EXPECT_EQ(Greatest(), Found(-1, -1));
}

TEST_F(TimeLookupTest, TheFirstRecordAtOrAfterIsFound) {
  AppendAt({10, 20});
  AppendAt({30, 40});
  EXPECT_EQ(First(0), Found(0, 10));
  EXPECT_EQ(First(20), Found(1, 20));
  EXPECT_EQ(First(21), Found(2, 30));
  EXPECT_EQ(First(41), Found(-1, -1));
}

TEST_F(TimeLookupTest, OutOfOrderTimestampsAreLookedUpExactly) {
  AppendAt({50, 10});
  AppendAt({5});
  AppendAt({20, 60, 60});
  EXPECT_EQ(First(20), Found(0, 50));
  EXPECT_EQ(First(51), Found(4, 60));
  EXPECT_EQ(Greatest(), Found(4, 60));  // the earliest of the greatest
}

TEST_F(TimeLookupTest, RecordsBelowTheLogStartAndAboveTheBoundDoNotCount) {
  AppendAt({100, 10});
  AppendAt({20, 90});
  ASSERT_TRUE(AdvanceLogStart(Offset(1)));
  EXPECT_EQ(First(15), Found(2, 20));
  EXPECT_EQ(First(95), Found(-1, -1));
  EXPECT_EQ(Greatest(), Found(3, 90));
  EXPECT_EQ(First(30, Offset(3)), Found(-1, -1));
  EXPECT_EQ(Greatest(Offset(3)), Found(2, 20));
}

TEST_F(TimeLookupTest, RecordsWithoutTimestampsHaveNoGreatest) {
  AppendAt({kNoTimestamp, kNoTimestamp});
  EXPECT_EQ(Greatest(), Found(-1, -1));
}

// ---- How much a lookup reads ----

// Batches of about 1 KB with random timestamps: 64 to a mark.
class TimeLookupCostTest : public TimeLookupTest {
 protected:
  static constexpr std::int64_t kPerMark = 64;
  static constexpr int kBatches = 2000;

  void AppendRandom(int batches) {
    for (int i = 0; i < batches; ++i) {
      const TimestampMs time = static_cast<TimestampMs>(random_() % 1'000'000);
      times_.push_back(time);
      Append(BatchOf({std::string(960, 'x')}, {}, {time}));
    }
  }
  TimeLookup::Cost CostSince(const TimeLookup::Cost& before) const {
    const TimeLookup::Cost now = cost();
    return {now.batches_read - before.batches_read, now.batches_decoded - before.batches_decoded,
            now.batches_marked - before.batches_marked};
  }
  TimeLookup::Cost cost() const { return dynamic_cast<RocksPartitionLog&>(*log_).lookup_cost(); }

  // Every target is looked up in one run of batches, and one batch is decoded.
  void ExpectCheapLookups() {
    First(0);  // makes the marks that are missing
    for (int i = 0; i < 50; ++i) {
      const TimestampMs target = static_cast<TimestampMs>(random_() % 1'000'000);
      TimeLookup::Cost before = cost();
      const auto at = std::ranges::find_if(times_, [&](TimestampMs t) { return t >= target; });
      EXPECT_EQ(First(target).first, at == times_.end() ? -1 : at - times_.begin());
      TimeLookup::Cost cost = CostSince(before);
      EXPECT_LE(cost.batches_read, kPerMark) << "target=" << target;
      EXPECT_LE(cost.batches_decoded, 1);
      EXPECT_EQ(cost.batches_marked, 0);
    }
    const TimeLookup::Cost before = cost();
    EXPECT_EQ(Greatest().first, std::ranges::max_element(times_) - times_.begin());
    const TimeLookup::Cost cost = CostSince(before);
    EXPECT_LE(cost.batches_read, kPerMark + 1);
    EXPECT_EQ(cost.batches_decoded, 1);
  }

  std::mt19937 random_{11};
  std::vector<TimestampMs> times_;
};

TEST_F(TimeLookupCostTest, InMemory) {
  AppendRandom(kBatches);
  ExpectCheapLookups();
  EXPECT_EQ(cost().batches_marked, 0);
}

TEST_F(TimeLookupCostTest, InFilesAndMemory) {
  AppendRandom(kBatches / 2);
  Flush();
  AppendRandom(kBatches / 4);
  Flush();
  AppendRandom(kBatches / 4);
  ExpectCheapLookups();
  EXPECT_EQ(cost().batches_marked, 0);
}

TEST_F(TimeLookupCostTest, AfterARestartWithEverythingInTheWal) {
  AppendRandom(kBatches / 2);
  Flush();
  AppendRandom(kBatches / 2);
  Reopen();
  AppendRandom(10);
  ExpectCheapLookups();
  EXPECT_LE(cost().batches_marked, kBatches / 2);  // once, and of what no file holds
}

TEST_F(TimeLookupCostTest, AtALogStartWithinARun) {
  AppendRandom(kBatches);
  Flush();
  ASSERT_TRUE(AdvanceLogStart(Offset(1000)));
  std::fill(times_.begin(), times_.begin() + 1000, -1);
  First(0);
  const TimeLookup::Cost before = cost();
  EXPECT_EQ(Greatest().first, std::ranges::max_element(times_) - times_.begin());
  EXPECT_LE(CostSince(before).batches_read,
            2 * kPerMark + 1);  // the run that is cut, and the answer's
}

// What lookups learn is put beside what commits add meanwhile, and files come under their feet.
TEST_F(TimeLookupTest, LookupsBesideAppendsAndFlushesAreExact) {
  constexpr std::int64_t kBatches = 1500;
  AppendAt({0});
  std::thread writer([&] {
    for (std::int64_t i = 1; i < kBatches; ++i) {
      Append(BatchOf({std::string(4000, 'x')}, {}, {i}));
      if (i % 200 == 0) Flush();
    }
  });
  std::mt19937 random(5);
  for (std::int64_t end = 0; end < kBatches;) {
    end = log_->offsets().high_watermark.value();
    const std::int64_t target = static_cast<std::int64_t>(random()) % end;
    EXPECT_EQ(First(target, Offset(end)), Found(target, target));
    EXPECT_EQ(Greatest(Offset(end)), Found(end - 1, end - 1));
  }
  writer.join();
}

// ---- The same answers as a scan ----

// GNEISS_LOOKUP_SEEDS in the environment makes it longer.
unsigned Seeds() {
  const char* wanted = std::getenv("GNEISS_LOOKUP_SEEDS");
  return wanted != nullptr ? static_cast<unsigned>(std::atoi(wanted)) : 2;
}

// Random batches, flushes, merges, log starts, removed batches and restarts against a plain list of
// timestamps.
class TimeLookupModelTest : public TimeLookupTest, public ::testing::WithParamInterface<unsigned> {
 protected:
  std::int64_t Below(std::int64_t n) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(n));
  }
  std::ptrdiff_t End() const { return std::ssize(times_); }

  void AppendSome() {
    static constexpr records::Codec kCodecs[] = {records::Codec::kNone, records::Codec::kNone,
                                                 records::Codec::kZstd, records::Codec::kLz4};
    records::BatchBuilder builder({.codec = kCodecs[Below(4)]});
    batch_ends_.push_back(End());
    for (std::int64_t i = 0; i <= Below(4); ++i) {
      TimestampMs time = End() * 10 + Below(Below(10) == 0 ? 100'000 : 300);
      if (Below(20) == 0) time = Below(3) - 1;
      times_.push_back(time);
      builder.Add(std::nullopt, std::string(static_cast<std::size_t>(Below(12'000)), 'v'), time);
    }
    auto batch = builder.Build();
    ASSERT_TRUE(batch.has_value());
    auto valid = records::ValidateForAppend(SharedBytes::Own(std::move(*batch)), {}, 1000);
    ASSERT_TRUE(valid.has_value()) << valid.error().detail;
    Append(std::move(*valid));
  }

  // As log compaction leaves a log: a batch in the middle is gone.
  void RemoveBatch() {
    if (batch_ends_.size() < 3) return;
    const std::size_t batch = static_cast<std::size_t>(Below(std::ssize(batch_ends_) - 1));
    const std::ptrdiff_t first = batch_ends_[batch], last = batch_ends_[batch + 1] - 1;
    const format::BatchKey key = format::EncodeBatchKey(Offset(last));
    ASSERT_TRUE(store().db().Delete({}, family(), {key.data(), key.size()}).ok());
    for (std::ptrdiff_t i = first; i <= last; ++i) times_[static_cast<std::size_t>(i)].reset();
  }

  void Merge() {
    rocksdb::CompactRangeOptions options;
    options.exclusive_manual_compaction = false;
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    ASSERT_TRUE(store().db().CompactRange(options, family(), nullptr, nullptr).ok());
  }

  void Step() {
    const std::int64_t dice = Below(100);
    if (dice < 4) {
      Flush();
    } else if (dice < 6) {
      Merge();
    } else if (dice < 8) {
      RemoveBatch();
    } else if (dice < 10) {
      const std::int64_t start = log_->offsets().log_start.value();
      ASSERT_TRUE(AdvanceLogStart(Offset(start + Below((End() - start) / 8 + 1))));
    } else if (dice == 10) {
      Reopen();
    } else if (dice == 11) {
      Abandon();
      Open();
    } else {
      AppendSome();
    }
  }

  void Compare() {
    const std::ptrdiff_t start = log_->offsets().log_start.value();
    const std::ptrdiff_t bound = Below(3) == 0 ? End() : start + Below(End() - start + 1);
    const TimestampMs target = Below(End() * 11 + 2) - 1;
    std::ptrdiff_t first = -1, greatest = -1;
    for (std::ptrdiff_t i = start; i < bound; ++i) {
      const auto time = times_[static_cast<std::size_t>(i)];
      if (!time) continue;
      if (first < 0 && *time >= target) first = i;
      if (*time > kNoTimestamp &&
          (greatest < 0 || *time > *times_[static_cast<std::size_t>(greatest)])) {
        greatest = i;
      }
    }
    const auto shown = [&](std::ptrdiff_t at) {
      return at < 0 ? Found(-1, -1) : Found(at, *times_[static_cast<std::size_t>(at)]);
    };
    ASSERT_EQ(First(target, Offset(bound)), shown(first))
        << "start=" << start << " bound=" << bound << " target=" << target;
    ASSERT_EQ(Greatest(Offset(bound)), shown(greatest)) << "start=" << start << " bound=" << bound;
  }

  std::mt19937 random_{GetParam()};
  std::vector<std::optional<TimestampMs>> times_;  // by offset; nothing where a batch was removed
  std::vector<std::ptrdiff_t> batch_ends_;         // the first offset of each batch
};

TEST_P(TimeLookupModelTest, GivesTheAnswersOfAScan) {
  SCOPED_TRACE("seed=" + std::to_string(GetParam()));
  for (int step = 0; step < 400; ++step) {
    Step();
    if (End() > 0) Compare();
    if (HasFatalFailure() || HasNonfatalFailure()) FAIL() << "at step " << step;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, TimeLookupModelTest, ::testing::Range(1u, 1 + Seeds()));

// ---- Files of others ----

// Properties as builds before the marks wrote them.
class OldCollector : public rocksdb::TablePropertiesCollector {
 public:
  explicit OldCollector(rocksdb::TablePropertiesCollector* present) : present_(present) {}
  const char* Name() const override { return present_->Name(); }
  rocksdb::Status AddUserKey(const rocksdb::Slice& key, const rocksdb::Slice& value,
                             rocksdb::EntryType type, rocksdb::SequenceNumber number,
                             std::uint64_t size) override {
    return present_->AddUserKey(key, value, type, number, size);
  }
  rocksdb::Status Finish(rocksdb::UserCollectedProperties* properties) override {
    const rocksdb::Status status = present_->Finish(properties);
    properties->erase(kTimeMarksProperty);
    return status;
  }
  rocksdb::UserCollectedProperties GetReadableProperties() const override { return {}; }

 private:
  const std::unique_ptr<rocksdb::TablePropertiesCollector> present_;
};

class OldCollectorFactory : public rocksdb::TablePropertiesCollectorFactory {
 public:
  const char* Name() const override { return kBatchPropertiesCollectorName; }
  rocksdb::TablePropertiesCollector* CreateTablePropertiesCollector(Context context) override {
    return new OldCollector(present_->CreateTablePropertiesCollector(context));
  }

 private:
  const std::unique_ptr<rocksdb::TablePropertiesCollectorFactory> present_ =
      NewBatchPropertiesCollectorFactory();
};

class ForeignFilesTest : public TimeLookupCostTest {
 protected:
  // Another program writes what is in the WAL into a file, with these collectors.
  void FlushWith(std::shared_ptr<rocksdb::TablePropertiesCollectorFactory> collectors) {
    Close();
    const std::string path = (dir_ / "store-00").string();
    rocksdb::Options options;
    if (collectors) options.table_properties_collector_factories = {collectors};
    std::vector<std::string> names;
    ASSERT_TRUE(rocksdb::DB::ListColumnFamilies(options, path, &names).ok());
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const std::string& name : names) families.emplace_back(name, options);
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* opened = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(options, path, families, &handles, &opened).ok());
    ASSERT_TRUE(opened->Flush({}, handles).ok());
    for (rocksdb::ColumnFamilyHandle* handle : handles) opened->DestroyColumnFamilyHandle(handle);
    delete opened;
    Open();
  }

  void ExpectRightAnswers() {
    for (int i = 0; i < 20; ++i) {
      const TimestampMs target = static_cast<TimestampMs>(random_() % 1'000'000);
      const auto at = std::ranges::find_if(times_, [&](TimestampMs t) { return t >= target; });
      EXPECT_EQ(First(target).first, at == times_.end() ? -1 : at - times_.begin());
    }
    EXPECT_EQ(Greatest().first, std::ranges::max_element(times_) - times_.begin());
  }
};

TEST_F(ForeignFilesTest, FilesOfEarlierBuildsAreReadThrough) {
  AppendRandom(300);
  FlushWith(std::make_shared<OldCollectorFactory>());
  AppendRandom(100);
  ExpectRightAnswers();
  EXPECT_LE(cost().batches_marked, 0);  // the file says where it ends
}

TEST_F(ForeignFilesTest, FilesWithoutPropertiesAreReadThrough) {
  AppendRandom(100);
  Flush();
  AppendRandom(100);
  FlushWith(nullptr);
  AppendRandom(100);
  Flush();
  ExpectRightAnswers();
}

}  // namespace
}  // namespace gneiss::engine
