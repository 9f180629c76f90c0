// SPDX-License-Identifier: Apache-2.0
//
// What a batch costs before it reaches the log: CRC, validation, iteration, codecs. Bytes per
// second are those of the plain records.
#include <benchmark/benchmark.h>

#include <random>
#include <string>

#include "protocol/base/crc32c.h"
#include "protocol/base/shared_bytes.h"
#include "protocol/records/batch_builder.h"
#include "protocol/records/compression.h"
#include "protocol/records/record_iterator.h"
#include "protocol/records/validate.h"

namespace gneiss::records {
namespace {

constexpr TimestampMs kNow = 1'700'000'000'000;
constexpr std::size_t kBatchBytes = std::size_t{512} << 10;

// Words at random, as logs and JSON are: about a third of their size when compressed.
std::string Value(std::size_t size, std::mt19937& random) {
  std::string value;
  while (value.size() < size) value += "field-" + std::to_string(random() % 1000) + ": ";
  value.resize(size);
  return value;
}

// Half a megabyte of records with values of `value_size`.
std::string Batch(std::size_t value_size, Codec codec) {
  std::mt19937 random(1);
  BatchBuilder builder({.codec = codec});
  while (builder.size_in_bytes() < kBatchBytes) {
    builder.Add("key-" + std::to_string(random() % 1000), Value(value_size, random), kNow);
  }
  return builder.Build().value();
}

std::size_t PlainBytes(const std::string& batch) {
  const auto view = RecordBatchView::Parse(AsBytes(batch)).value();
  return Decompress(view.header().codec(), view.records(), std::size_t{1} << 30)->size();
}

void Report(benchmark::State& state, std::size_t bytes) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

void BM_Crc(benchmark::State& state) {
  const std::string batch = Batch(1024, Codec::kNone);
  for (auto _ : state) benchmark::DoNotOptimize(Crc32c(AsBytes(batch)));
  Report(state, batch.size());
}
BENCHMARK(BM_Crc);

// Arguments: bytes per value, codec.
void BM_Validate(benchmark::State& state) {
  const auto codec = static_cast<Codec>(state.range(1));
  const SharedBytes batch =
      SharedBytes::Own(Batch(static_cast<std::size_t>(state.range(0)), codec));
  const ValidationRules rules;
  for (auto _ : state) {
    ValidationResult result = ValidateForAppend(batch, rules, kNow);
    if (!result.has_value()) state.SkipWithError("refused");
    benchmark::DoNotOptimize(result);
  }
  state.SetLabel(std::string(ToString(codec)));
  Report(state, PlainBytes(std::string(batch.text())));
}
BENCHMARK(BM_Validate)->ArgsProduct({{100, 1024, 16384}, {0}})->ArgsProduct({{1024}, {1, 2, 3, 4}});

void BM_ValidateLogAppendTime(benchmark::State& state) {
  const SharedBytes batch = SharedBytes::Own(Batch(1024, Codec::kNone));
  const ValidationRules rules{.timestamp_type = TimestampType::kLogAppendTime};
  for (auto _ : state) {
    ValidationResult result = ValidateForAppend(batch, rules, kNow);
    benchmark::DoNotOptimize(result);
  }
  Report(state, batch.size());
}
BENCHMARK(BM_ValidateLogAppendTime);

void BM_Iterate(benchmark::State& state) {
  const auto codec = static_cast<Codec>(state.range(1));
  const std::string batch = Batch(static_cast<std::size_t>(state.range(0)), codec);
  const RecordBatchView view = RecordBatchView::Parse(AsBytes(batch)).value();
  for (auto _ : state) {
    RecordIterator records = RecordIterator::Open(view).value();
    while (true) {
      const auto record = records.Next();
      if (!record.has_value() || !record->has_value()) break;
      benchmark::DoNotOptimize(*record);
    }
  }
  state.SetLabel(std::string(ToString(codec)));
  Report(state, PlainBytes(batch));
}
BENCHMARK(BM_Iterate)->ArgsProduct({{100, 1024}, {0, 3, 4}});

void BM_Compress(benchmark::State& state) {
  const auto codec = static_cast<Codec>(state.range(0));
  const std::string plain = Batch(1024, Codec::kNone);
  for (auto _ : state) {
    benchmark::DoNotOptimize(Compress(codec, DefaultLevel(codec), AsBytes(plain)));
  }
  state.SetLabel(std::string(ToString(codec)));
  Report(state, plain.size());
}
BENCHMARK(BM_Compress)->DenseRange(1, 4);

// The small batch of a coordinator: where setting up a codec would cost more than its work.
void BM_BuildSmall(benchmark::State& state) {
  const auto codec = static_cast<Codec>(state.range(0));
  for (auto _ : state) {
    BatchBuilder builder({.codec = codec});
    builder.Add("group-topic-partition", std::string_view("some small value of an offset"), kNow);
    benchmark::DoNotOptimize(builder.Build());
  }
  state.SetLabel(std::string(ToString(codec)));
}
BENCHMARK(BM_BuildSmall)->DenseRange(0, 4);

}  // namespace
}  // namespace gneiss::records
