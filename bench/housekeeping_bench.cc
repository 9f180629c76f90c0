// SPDX-License-Identifier: Apache-2.0
//
// What retention and the merging of small files cost the engine, without sockets; in directories
// below TMPDIR. Prints one line per fact.
//   housekeeping_bench retention    half of 512 MB expires: how long until its space is back
//   housekeeping_bench low_rate N   200 partitions, 100 records of 1 KB per second for N hours (3)
//   housekeeping_bench idle         a look at 10 000 partitions that have nothing to expire
#include <glog/logging.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "engine/rocks_engine.h"
#include "engine/testing/batches.h"
#include "engine/testing/temp_dir.h"
#include "protocol/base/mutex.h"

namespace gneiss::engine {
namespace {

using Steady = std::chrono::steady_clock;

double SecondsSince(Steady::time_point begin) {
  return std::chrono::duration<double>(Steady::now() - begin).count();
}

double Megabytes(std::uint64_t bytes) { return static_cast<double>(bytes) / 1e6; }

struct DiskUse {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
};

DiskUse SstsBelow(const std::filesystem::path& path) {
  DiskUse use;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
    if (entry.path().extension() != ".sst") continue;
    std::error_code gone;
    const std::uintmax_t bytes = entry.file_size(gone);
    if (gone) continue;
    ++use.files;
    use.bytes += bytes;
  }
  return use;
}

std::int64_t ResidentMegabytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stoll(line.substr(6)) / 1024;
  }
  return -1;
}

class Bench {
 public:
  explicit Bench(int partitions) : partitions_(partitions) { Open(); }

  void Open() {
    const auto begin = Steady::now();
    EngineOptions options;
    options.data_dirs = {dir_.path()};
    options.metadata_dir = dir_.path();
    auto engine = RocksEngine::Open(std::move(options), rocksdb::FileSystem::Default());
    CHECK(engine.has_value()) << engine.error().detail;
    engine_ = std::move(*engine);
    std::vector<Engine::PartitionToOpen> wanted;
    for (int i = 0; i < partitions_; ++i) {
      wanted.push_back({{"bench", PartitionId(i)}, topic_id_, config_});
    }
    for (auto& log : engine_->OpenPartitions(wanted)) {
      CHECK(log.has_value()) << log.error().detail;
      logs_.push_back(std::move(*log));
    }
    open_seconds_ = SecondsSince(begin);
  }

  void Close() {
    CHECK(engine_->Close().has_value());
    logs_.clear();
    engine_.reset();
  }

  // Round robin, each record a batch.
  void Append(int count, std::size_t bytes, TimestampMs timestamp) {
    const records::ValidatedBatch batch =
        testing::BatchOf({std::string(bytes - 80, 'x')}, {}, {timestamp});
    constexpr int kInFlight = 256;
    for (int i = 0; i < count; ++i) {
      {
        MutexLock lock(mutex_);
        while (pending_ >= kInFlight) fewer_.Wait(mutex_);
        ++pending_;
      }
      records::ValidatedBatch next = batch;
      logs_[next_++ % logs_.size()]->Append(std::move(next), [this](Result<AppendResult> result) {
        CHECK(result.has_value()) << result.error().detail;
        MutexLock lock(mutex_);
        if (--pending_ == 0 || pending_ == kInFlight / 2) fewer_.NotifyAll();
      });
    }
    MutexLock lock(mutex_);
    while (pending_ > 0) fewer_.Wait(mutex_);
  }

  void SetConfig(const LogConfig& config) {
    config_ = config;
    for (const auto& log : logs_) log->SetConfig(config_);
  }
  Housekeeper& housekeeper() { return engine_->housekeeper(); }
  DiskUse disk() const { return SstsBelow(dir_.path()); }
  double open_seconds() const { return open_seconds_; }
  PartitionLog& log(std::size_t i) { return *logs_[i]; }

 private:
  const int partitions_;
  testing::TempDir dir_;
  const Uuid topic_id_ = Uuid::Random();
  LogConfig config_;
  std::unique_ptr<RocksEngine> engine_;
  std::vector<std::shared_ptr<PartitionLog>> logs_;
  std::size_t next_ = 0;
  double open_seconds_ = 0;
  Mutex mutex_;
  CondVar fewer_;
  int pending_ GUARDED_BY(mutex_) = 0;
};

constexpr std::int64_t kHourMs = 3'600'000;

void Retention() {
  Bench bench(4);
  const TimestampMs now = Clock::System().WallMs();
  bench.Append(16'384, 16'384, now - 2 * kHourMs);
  bench.Append(16'384, 16'384, now);
  bench.Close();  // flushes
  bench.Open();
  const DiskUse before = bench.disk();
  LogConfig config;
  config.retention_ms = kHourMs;
  const auto begin = Steady::now();
  bench.SetConfig(config);
  while (bench.log(0).offsets().log_start == Offset(0)) std::this_thread::yield();
  const double hidden = SecondsSince(begin);
  while (bench.disk().bytes > before.bytes * 6 / 10 && SecondsSince(begin) < 60) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  const double back = SecondsSince(begin);
  bench.housekeeper().LookAtAll();
  const HousekeepingStats stats = bench.housekeeper().stats();
  std::cout << "retention before_MB=" << Megabytes(before.bytes)
            << " after_MB=" << Megabytes(bench.disk().bytes) << " hidden_s=" << hidden
            << " space_back_s=" << back << " dropped_MB=" << Megabytes(stats.bytes_dropped)
            << " read_MB=" << Megabytes(stats.drop_bytes_read)
            << " written_MB=" << Megabytes(stats.drop_bytes_written) << "\n";
}

void LowRate(int hours) {
  constexpr int kPartitions = 200, kPerMinute = 6000;
  Bench bench(kPartitions);
  for (int hour = 1; hour <= hours; ++hour) {
    for (int minute = 0; minute < 60; ++minute) {
      bench.Append(kPerMinute, 1024, Clock::System().WallMs());
      bench.housekeeper().LookAtAll();
    }
    const HousekeepingStats stats = bench.housekeeper().stats();
    const double appended = 1024.0 * kPerMinute * 60 / 1e6;
    const DiskUse disk = bench.disk();
    bench.Close();
    bench.Open();
    std::cout << "low_rate hour=" << hour << " appended_MB=" << appended << " files=" << disk.files
              << " files_after_restart=" << bench.disk().files
              << " files_merged=" << stats.files_merged << " merges=" << stats.merges
              << " merge_write_amplification="
              << Megabytes(stats.merge_bytes_written) / appended
              << " open_s=" << bench.open_seconds() << " resident_MB=" << ResidentMegabytes()
              << std::endl;
  }
}

void Idle() {
  Bench bench(10'000);
  bench.Append(100'000, 1024, Clock::System().WallMs());
  for (int i = 0; i < 3; ++i) {
    const auto begin = Steady::now();
    bench.housekeeper().LookAtAll();
    std::cout << "idle look=" << i << " seconds=" << SecondsSince(begin) << std::endl;
  }
}

}  // namespace
}  // namespace gneiss::engine

int main(int argc, char** argv) {
  google::InitGoogleLogging(argv[0]);
  const std::string_view scenario = argc > 1 ? argv[1] : "";
  if (scenario == "retention") {
    gneiss::engine::Retention();
  } else if (scenario == "low_rate") {
    gneiss::engine::LowRate(argc > 2 ? std::atoi(argv[2]) : 3);
  } else if (scenario == "idle") {
    gneiss::engine::Idle();
  } else {
    std::cerr << "housekeeping_bench retention|low_rate|idle\n";
    return 1;
  }
}
