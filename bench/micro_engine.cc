// SPDX-License-Identifier: Apache-2.0
//
// Appends and reads of the engine alone, without sockets. Each run is one iteration over a fixed
// number of bytes in a fresh directory below TMPDIR, closed (and so flushed) inside the measured
// time. cpu_s_per_GB counts all threads of the process and is steadier than the rate.
#include <benchmark/benchmark.h>
#include <glog/logging.h>
#include <sys/resource.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/rocks_partition_log.h"
#include "engine/testing/batches.h"
#include "engine/testing/temp_dir.h"
#include "protocol/base/mutex.h"

namespace gneiss::engine {
namespace {

constexpr std::int64_t kInFlight = 64;  // appends that are not answered yet

double CpuSeconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::int64_t ResidentMegabytesMax() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

// Bounds the appends that are not answered yet. As an event loop with many connections does, the
// appending thread goes on for a while before it waits, and is woken once for many answers.
class InFlight {
 public:
  void Begin() {
    MutexLock lock(mutex_);
    if (++count_ <= kInFlight) return;
    while (count_ > kInFlight / 2) low_.Wait(mutex_);
  }
  void End() {
    MutexLock lock(mutex_);
    if (--count_ == kInFlight / 2 || count_ == 0) low_.NotifyOne();
  }
  void WaitForAll() {
    MutexLock lock(mutex_);
    while (count_ > 0) low_.Wait(mutex_);
  }

 private:
  Mutex mutex_;
  CondVar low_;
  std::int64_t count_ GUARDED_BY(mutex_) = 0;
};

// An engine with some partitions of one topic.
class Bench {
 public:
  explicit Bench(int partitions, LogConfig config = {}) : config_(config) { Open(partitions); }

  void Open(int partitions) {
    EngineOptions options;
    options.data_dirs = {dir_.path()};
    options.metadata_dir = dir_.path();
    auto engine = Engine::Open(std::move(options));
    CHECK(engine.has_value()) << engine.error().detail;
    engine_ = std::move(*engine);
    for (int i = 0; i < partitions; ++i) {
      auto log = engine_->OpenPartition({"bench", PartitionId(i)}, topic_id_, config_);
      CHECK(log.has_value()) << log.error().detail;
      logs_.push_back(std::move(*log));
    }
  }

  PartitionLog& log(std::size_t index) { return *logs_[index % logs_.size()]; }

  // Round robin over the partitions, with at most kInFlight unanswered. With a producer id each
  // partition sees its own unbroken sequence.
  void AppendAll(std::int64_t count, std::size_t batch_bytes, std::int64_t producer_id) {
    const records::ValidatedBatch batch =
        testing::BatchOf({std::string(batch_bytes - 80, 'x')}, {.producer_id = producer_id});
    InFlight in_flight;
    for (std::int64_t i = 0; i < count; ++i) {
      in_flight.Begin();
      records::ValidatedBatch next = batch;
      next.header.base_sequence =
          producer_id < 0 ? -1 : static_cast<std::int32_t>(i / std::ssize(logs_));
      log(static_cast<std::size_t>(i)).Append(std::move(next), [&](Result<AppendResult> result) {
        CHECK(result.has_value()) << result.error().detail;
        in_flight.End();
      });
    }
    in_flight.WaitForAll();
  }

  // To the first partition; `make(i)` makes the batches.
  void AppendEach(std::int64_t count,
                  const std::function<records::ValidatedBatch(std::int64_t)>& make) {
    InFlight in_flight;
    for (std::int64_t i = 0; i < count; ++i) {
      in_flight.Begin();
      log(0).Append(make(i), [&](Result<AppendResult> result) {
        CHECK(result.has_value()) << result.error().detail;
        in_flight.End();
      });
    }
    in_flight.WaitForAll();
  }

  // As a clean restart.
  void Reopen() {
    const int partitions = static_cast<int>(logs_.size());
    Close();
    Open(partitions);
  }

  const std::filesystem::path& path() const { return dir_.path(); }
  const Uuid& topic_id() const { return topic_id_; }

  // Lets go of the engine as a crash would.
  void Abandon() {
    logs_.clear();
    engine_.reset();
  }

  void Close() {
    const Status closed = engine_->Close();
    CHECK(closed.has_value()) << closed.error().detail;
    logs_.clear();
    engine_.reset();
  }

 private:
  const LogConfig config_;
  testing::TempDir dir_;
  const Uuid topic_id_ = Uuid::Random();
  std::unique_ptr<Engine> engine_;
  std::vector<std::shared_ptr<PartitionLog>> logs_;
};

void Report(benchmark::State& state, std::int64_t bytes, double cpu_before) {
  state.SetBytesProcessed(bytes);
  state.counters["cpu_s_per_GB"] = (CpuSeconds() - cpu_before) / (static_cast<double>(bytes) / 1e9);
  state.counters["rss_MB_max"] = static_cast<double>(ResidentMegabytesMax());
}

// Arguments: bytes of a batch, partitions, 1 for an idempotent producer.
void BM_Append(benchmark::State& state) {
  const auto batch_bytes = static_cast<std::size_t>(state.range(0));
  const std::int64_t total = std::int64_t{batch_bytes < 4096 ? 256 : 1024} << 20;
  const double cpu_before = CpuSeconds();
  for (auto _ : state) {
    Bench bench(static_cast<int>(state.range(1)));
    bench.AppendAll(total / state.range(0), batch_bytes, state.range(2) != 0 ? 7 : -1);
    bench.Close();
  }
  Report(state, total, cpu_before);
}
BENCHMARK(BM_Append)
    ->ArgNames({"batch", "partitions", "idempotent"})
    ->Args({1 << 10, 1, 0})
    ->Args({1 << 10, 1, 1})
    ->Args({16 << 10, 1, 0})
    ->Args({16 << 10, 1, 1})
    ->Args({16 << 10, 100, 1})
    ->Args({1 << 20, 1, 0})
    ->Args({1 << 20, 100, 0})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

// Every append waits for an fsync, which those in flight share.
void BM_AppendSync(benchmark::State& state) {
  const auto batch_bytes = static_cast<std::size_t>(state.range(0));
  constexpr std::int64_t kCount = 4096;
  const double cpu_before = CpuSeconds();
  for (auto _ : state) {
    Bench bench(1, {.flush_messages = 1});
    bench.AppendAll(kCount, batch_bytes, -1);
    bench.Close();
  }
  Report(state, kCount * state.range(0), cpu_before);
  state.SetItemsProcessed(kCount);
}
BENCHMARK(BM_AppendSync)
    ->ArgName("batch")
    ->Arg(1 << 10)
    ->Arg(16 << 10)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

std::int64_t ReadThrough(PartitionLog& log, ReadTier tier, Offset from, std::size_t fetch_bytes) {
  std::int64_t bytes = 0;
  const Offset end = log.offsets().high_watermark;
  while (from < end) {
    const Result<ReadView> view =
        log.Read(from, {.bytes_max = fetch_bytes, .upper_bound = end, .tier = tier});
    CHECK(view.has_value()) << view.error().detail;
    for (const SharedBytes& batch : view->batches) {  // as a socket would: look at every page
      for (std::size_t i = 0; i < batch.size(); i += 4096)
        benchmark::DoNotOptimize(batch.data()[i]);
    }
    bytes += static_cast<std::int64_t>(view->bytes);
    from = from + std::ssize(view->batches);
  }
  return bytes;
}

// A consumer at the tail: one new batch at a time, out of the memtable.
void BM_ReadTail(benchmark::State& state) {
  Bench bench(1);
  const auto batch_bytes = static_cast<std::size_t>(state.range(0));
  bench.AppendAll(100, batch_bytes, -1);
  const Offset end = bench.log(0).offsets().high_watermark;
  for (auto _ : state) {
    auto view = bench.log(0).Read(
        end - 1,
        {.bytes_max = std::size_t{1} << 20, .upper_bound = end, .tier = ReadTier::kMemory});
    CHECK(view.has_value() && view->batches.size() == 1);
    benchmark::DoNotOptimize(view->batches.front().data());
  }
  bench.Close();
}
BENCHMARK(BM_ReadTail)->ArgName("batch")->Arg(1 << 10)->Arg(16 << 10);

// A consumer from the start: files, page cache warm. Arguments: bytes of a batch, of a fetch.
void BM_ReadFiles(benchmark::State& state) {
  constexpr std::int64_t kTotal = std::int64_t{256} << 20;
  Bench bench(1);
  bench.AppendAll(kTotal / state.range(0), static_cast<std::size_t>(state.range(0)), -1);
  std::int64_t bytes = 0;
  const double cpu_before = CpuSeconds();
  for (auto _ : state) {
    bytes += ReadThrough(bench.log(0), ReadTier::kAll, Offset(0),
                         static_cast<std::size_t>(state.range(1)));
  }
  Report(state, bytes, cpu_before);
  bench.Close();
}
BENCHMARK(BM_ReadFiles)
    ->ArgNames({"batch", "fetch"})
    ->Args({1 << 10, 1 << 20})
    ->Args({16 << 10, 1 << 20})
    ->Args({1 << 20, 1 << 20})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

// The offset of a random time in 256 MB whose times are out of order by up to a minute, page cache
// warm. Arguments: bytes of a batch, 1 after a restart.
void BM_FindTimestamp(benchmark::State& state) {
  constexpr std::int64_t kTotal = std::int64_t{256} << 20;
  const std::int64_t count = kTotal / state.range(0);
  std::mt19937_64 random(1);
  const auto time_of = [&](std::int64_t i) {
    return i * 100 + static_cast<TimestampMs>(random() % 60'000);
  };
  Bench bench(1);
  const std::string value(static_cast<std::size_t>(state.range(0)) - 80, 'x');
  bench.AppendEach(count,
                   [&](std::int64_t i) { return testing::BatchOf({value}, {}, {time_of(i)}); });
  if (state.range(1) != 0) bench.Reopen();
  const auto& log = dynamic_cast<const RocksPartitionLog&>(bench.log(0));
  const std::int64_t read_before = log.lookup_cost().batches_read;
  for (auto _ : state) {
    const auto found = log.FindTimestamp(
        static_cast<TimestampMs>(random() % static_cast<std::uint64_t>(count * 100)),
        Offset(count));
    CHECK(found.has_value() && found->has_value());
  }
  state.counters["batches_read"] =
      benchmark::Counter(static_cast<double>(log.lookup_cost().batches_read - read_before),
                         benchmark::Counter::kAvgIterations);
  bench.Close();
}
BENCHMARK(BM_FindTimestamp)
    ->ArgNames({"batch", "restarted"})
    ->Args({1 << 10, 0})
    ->Args({1 << 10, 1})
    ->Args({16 << 10, 1})
    ->Unit(benchmark::kMicrosecond);

// Engine::Open and OpenPartition of every partition, page cache warm. Arguments: partitions with
// 1 MB each in batches of 16 KB, 1 when the engine before was not closed.
void BM_Open(benchmark::State& state) {
  const auto partitions = static_cast<int>(state.range(0));
  Bench bench(partitions);
  if (partitions > 0) bench.AppendAll(std::int64_t{partitions} * 64, 16 << 10, 7);
  if (state.range(1) != 0) {
    bench.Abandon();
  } else {
    bench.Close();
  }
  for (auto _ : state) {
    EngineOptions options;
    options.data_dirs = {bench.path()};
    options.metadata_dir = bench.path();
    auto engine = Engine::Open(std::move(options));
    CHECK(engine.has_value()) << engine.error().detail;
    for (int i = 0; i < partitions; ++i) {
      auto log = (*engine)->OpenPartition({"bench", PartitionId(i)}, bench.topic_id(), {});
      CHECK(log.has_value() && (*log)->offsets().log_end == Offset(64));
    }
    state.PauseTiming();
    engine->reset();
    state.ResumeTiming();
  }
}
BENCHMARK(BM_Open)
    ->ArgNames({"partitions", "abrupt"})
    ->Args({0, 0})
    ->Args({100, 0})
    ->Args({100, 1})
    ->Args({1000, 0})
    ->Iterations(10)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace gneiss::engine

int main(int argc, char** argv) {
  google::InitGoogleLogging(argv[0]);
  FLAGS_logtostderr = true;
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
