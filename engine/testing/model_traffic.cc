// SPDX-License-Identifier: Apache-2.0
#include "engine/testing/model_traffic.h"

#include <glog/logging.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "engine/rocks_engine.h"
#include "engine/testing/batches.h"
#include "engine/testing/temp_dir.h"
#include "protocol/base/mutex.h"

namespace gneiss::engine::testing {
namespace {

constexpr int kPartitions = 3;
constexpr int kThreads = 4;
constexpr int kRoundsMax = 8;  // each ends with a restart
constexpr std::int64_t kHourMs = 3'600'000;

// What one partition must hold. A batch has one record; its value names its offset's place in
// `values`, which is filled in when the append is acknowledged.
class Oracle {
 public:
  struct Record {
    std::string value;
    TimestampMs timestamp;
  };

  void Acknowledge(Offset offset, Record record) {
    MutexLock lock(mutex_);
    const auto index = static_cast<std::size_t>(offset.value());
    if (records_.size() <= index) records_.resize(index + 1);
    CHECK(records_[index].value.empty()) << "offset " << offset << " was given twice";
    records_[index] = std::move(record);
  }
  // Nothing for what is not acknowledged yet.
  std::string ValueAt(std::size_t offset) const {
    MutexLock lock(mutex_);
    return offset < records_.size() ? records_[offset].value : "";
  }
  std::size_t end() const {
    MutexLock lock(mutex_);
    return records_.size();
  }
  // A client or a setting lets go of what is below.
  void MayStartAt(Offset offset) {
    MutexLock lock(mutex_);
    deleted_below_ = std::max(deleted_below_, offset);
  }
  // Whether some rule lets the log start there: everything below was deleted, or could be too old
  // or too much under a setting that was ever made.
  void CheckStart(Offset log_start) const {
    MutexLock lock(mutex_);
    CHECK_LE(log_start.value(), static_cast<std::int64_t>(records_.size()));
    if (size_limited_) return;
    for (std::int64_t i = deleted_below_.value(); i < log_start.value(); ++i) {
      CHECK_LT(records_[static_cast<std::size_t>(i)].timestamp, young_)
          << "offset " << i << " is hidden without a reason";
    }
  }
  void LimitSize() {
    MutexLock lock(mutex_);
    size_limited_ = true;
  }

 private:
  mutable Mutex mutex_;
  std::vector<Record> records_ GUARDED_BY(mutex_);
  Offset deleted_below_ GUARDED_BY(mutex_);
  bool size_limited_ GUARDED_BY(mutex_) = false;
  const TimestampMs young_ = Clock::System().WallMs() - kHourMs;  // at least so new is never old
};

class Traffic {
 public:
  Traffic(std::uint32_t seed, int steps) : seed_(seed), steps_(steps) {
    for (LogConfig& config : configs_) config.retention_ms = -1;
    Open();
  }

  void Play() {
    for (int round = 0; round < kRoundsMax; ++round) {
      std::vector<std::thread> threads;
      for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back([this, round, i] { Work(round, i); });
      }
      for (std::thread& thread : threads) thread.join();
      Restart(round % 2 == 0);
      for (std::size_t i = 0; i < kPartitions; ++i) CompareAll(i);
    }
    CHECK_GT(engine_->housekeeper().stats().rounds + moves_.load(), 0u);
  }

 private:
  void Work(int round, int thread) {
    std::mt19937 random(seed_ * 1000 + static_cast<std::uint32_t>(round * kThreads + thread));
    for (int i = 0; i < steps_ / kRoundsMax / kThreads; ++i) {
      const std::size_t partition = random() % kPartitions;
      const auto what = random() % 20;
      if (what < 8) {
        Append(partition, random);
      } else if (what < 14) {
        Read(partition, random);
      } else if (what == 14) {
        DeleteRecords(partition, random);
      } else if (what == 15) {
        ChangeConfig(partition, random);
      } else if (what == 16) {
        Flush(partition);
      } else if (what == 17) {
        engine_->housekeeper().LookAtAll();
      } else {
        CompareSize(partition);
      }
    }
  }

  void Append(std::size_t partition, std::mt19937& random) {
    const std::string value = std::to_string(++made_) + std::string(random() % 2000, '.');
    const TimestampMs age = random() % 2 == 0 ? 0 : 2 * kHourMs;
    const TimestampMs timestamp = Clock::System().WallMs() - age;
    const auto result = AppendAndWait(*logs_[partition], BatchOf({value}, {}, {timestamp}));
    CHECK(result.has_value()) << result.error().detail;
    oracles_[partition].Acknowledge(result->base_offset, {value, timestamp});
  }

  void Read(std::size_t partition, std::mt19937& random) {
    const LogOffsets offsets = logs_[partition]->offsets();
    const std::int64_t span = offsets.log_end - offsets.log_start;
    if (span == 0) return;
    const Offset from = offsets.log_start + static_cast<std::int64_t>(random()) % span;
    const auto view = logs_[partition]->Read(
        from, {.bytes_max = random() % 20'000, .upper_bound = offsets.high_watermark});
    if (!view) {  // the log start has passed it meanwhile
      CHECK(view.error().code == Errc::kOutOfRange && logs_[partition]->offsets().log_start > from)
          << view.error().detail;
      return;
    }
    Compare(partition, *view, from);
  }

  // Whole, in order, without a hole; what is not acknowledged yet cannot be compared. When the log
  // start passes the reader while it looks, the first batches may be gone already.
  void Compare(std::size_t partition, const ReadView& view, Offset from) {
    const std::vector<Offset> bases = BaseOffsetsOf(view);
    const Values values = ValuesOf(view);
    CHECK(!bases.empty());
    CHECK(bases[0] == from || logs_[partition]->offsets().log_start >= bases[0])
        << "from " << from << " came " << bases[0];
    for (std::size_t i = 0; i < bases.size(); ++i) {
      CHECK_EQ(bases[i], bases[0] + static_cast<std::int64_t>(i));
      const std::string expected =
          oracles_[partition].ValueAt(static_cast<std::size_t>(bases[i].value()));
      if (!expected.empty()) CHECK_EQ(values[i], expected);
    }
  }

  void DeleteRecords(std::size_t partition, std::mt19937& random) {
    const LogOffsets offsets = logs_[partition]->offsets();
    const std::int64_t span = offsets.high_watermark - offsets.log_start;
    if (span < 50) return;
    const Offset to = offsets.log_start + static_cast<std::int64_t>(random()) % (span / 2);
    oracles_[partition].MayStartAt(to);
    const auto moved = AdvanceLogStartAndWait(*logs_[partition], to);
    CHECK(moved.has_value() && *moved >= to);
    ++moves_;
  }

  void ChangeConfig(std::size_t partition, std::mt19937& random) {
    MutexLock lock(config_mutex_);
    LogConfig& config = configs_[partition];
    config.retention_ms = random() % 2 == 0 ? -1 : kHourMs;
    config.segment_bytes = random() % 3 == 0 ? 20'000 : 1 << 30;
    if (partition == 0) {
      oracles_[partition].LimitSize();
      config.retention_bytes = random() % 2 == 0 ? -1 : 30'000;
    }
    logs_[partition]->SetConfig(config);
  }

  void Flush(std::size_t partition) {
    const auto family = FamilyOf(partition);
    if (family == nullptr) return;
    CHECK(family->db().Flush(rocksdb::FlushOptions(), family->handle()).ok());
  }

  // Never less than nothing, and never more than all there is.
  void CompareSize(std::size_t partition) {
    const RetentionStatus status = logs_[partition]->retention_status();
    CHECK_GE(logs_[partition]->size_bytes(), 0);
    CHECK_GE(logs_[partition]->offsets().log_start, status.log_start);
  }

  // While nobody else does anything.
  void CompareAll(std::size_t partition) {
    PartitionLog& log = *logs_[partition];
    const LogOffsets offsets = log.offsets();
    oracles_[partition].CheckStart(offsets.log_start);
    CHECK_EQ(offsets.log_end.value(), static_cast<std::int64_t>(oracles_[partition].end()));
    if (offsets.log_start == offsets.log_end) return;
    const auto view =
        log.Read(offsets.log_start, {.bytes_max = std::numeric_limits<std::size_t>::max(),
                                     .upper_bound = offsets.log_end});
    CHECK(view.has_value()) << view.error().detail;
    Compare(partition, *view, offsets.log_start);
    if (log.offsets().log_start != offsets.log_start) return;  // retention is at work again
    CHECK_EQ(static_cast<std::int64_t>(view->batches.size()), offsets.log_end - offsets.log_start);
    const std::int64_t size = log.size_bytes();
    if (log.offsets().log_start != offsets.log_start) return;
    CHECK_EQ(size, static_cast<std::int64_t>(view->bytes));
  }

  std::shared_ptr<Family> FamilyOf(std::size_t partition) {
    for (const auto& store : engine_->stores()) {
      const auto id = PartitionId(static_cast<std::int32_t>(partition));
      if (auto family = store->FindFamily({topic_id_, id})) return family;
    }
    return nullptr;
  }

  void Restart(bool clean) {
    if (clean) CHECK(engine_->Close().has_value());
    for (auto& log : logs_) log.reset();
    engine_.reset();
    Open();
  }

  void Open() {
    EngineOptions options;
    options.data_dirs = {dir_.path()};
    options.metadata_dir = dir_.path();
    auto engine = RocksEngine::Open(std::move(options), rocksdb::FileSystem::Default());
    CHECK(engine.has_value()) << engine.error().detail;
    engine_ = std::move(*engine);
    MutexLock lock(config_mutex_);
    for (std::size_t i = 0; i < kPartitions; ++i) {
      const TopicPartition tp{"traffic", PartitionId(static_cast<std::int32_t>(i))};
      auto log = engine_->OpenPartition(tp, topic_id_, configs_[i]);
      CHECK(log.has_value()) << log.error().detail;
      logs_[i] = *log;
    }
  }

  const std::uint32_t seed_;
  const int steps_;
  TempDir dir_;
  const Uuid topic_id_ = Uuid::Random();
  std::array<Oracle, kPartitions> oracles_;
  Mutex config_mutex_;
  std::array<LogConfig, kPartitions> configs_ GUARDED_BY(config_mutex_);
  std::atomic<std::uint64_t> made_ = 0;
  std::atomic<std::uint64_t> moves_ = 0;
  std::unique_ptr<RocksEngine> engine_;
  std::array<std::shared_ptr<PartitionLog>, kPartitions> logs_;
};

}  // namespace

void RunTraffic(std::uint32_t seed, int steps) { Traffic(seed, steps).Play(); }

}  // namespace gneiss::engine::testing
